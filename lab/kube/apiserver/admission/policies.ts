// ValidatingAdmissionPolicies: the stored policies and bindings that a write concerns, and the answer when one denies it.
import type { Authorizer } from '../access/rbac.ts';
import type { ApiObject } from '../json.ts';
import { stringAt, stringsAt } from '../json.ts';
import { collectionId } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import { forbidden, StatusError } from '../status.ts';
import type { Collection, Store, StoredObject } from '../storage/store.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import type { AdmissionView } from './admission-view.ts';
import { viewOf } from './admission-view.ts';
import { activationOf } from './expression-activation.ts';
import type { Match, MatchDeps } from './matching.ts';
import { isExempt, matchOf, readMatchResources } from './matching.ts';
import { ConfigurationFault, paramDefinition, paramsOf } from './policy-params.ts';
import type { PolicyProgram } from './policy-program.ts';
import { readPolicy } from './policy-program.ts';
import { runPolicy } from './policy-run.ts';

export interface PolicyDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
}

const GROUP = 'admissionregistration.k8s.io';
const CODES: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** A finding with the policy and, unless the policy itself is at fault, the binding behind it. */
interface Finding {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

/** Asks the policies before `next`, as a real server does before its validating webhooks. */
export function withPolicies(next: Admission, deps: PolicyDeps): Admission {
  // Stored versions never change, so each is compiled once.
  const compiled = new WeakMap<StoredObject, PolicyProgram>();
  const stored = (plural: string): Collection => deps.store.collection(collectionId({ group: GROUP, plural }));
  const policies = stored('validatingadmissionpolicies');
  const bindings = stored('validatingadmissionpolicybindings');
  const programOf = (entry: StoredObject): PolicyProgram => {
    const known = compiled.get(entry) ?? readPolicy(entry.object);
    compiled.set(entry, known);
    return known;
  };

  function ask(request: AdmissionRequest, object: ApiObject | undefined): void {
    // Hardly any server has any, and every write asks.
    if (policies.size === 0 || bindings.size === 0) return;
    const view = viewOf(request, object);
    if (isExempt(view)) return;
    const dispatch = new Dispatch(view, deps);
    const bound = bindings.list();
    for (const entry of policies.list()) {
      const { name } = entry.object.metadata;
      const own = bound.filter((binding) => stringAt(binding.object, 'spec', 'policyName') === name);
      if (own.length > 0)
        dispatch.ask(
          programOf(entry),
          own.map((binding) => binding.object),
        );
    }
    const [first] = dispatch.denials;
    if (first !== undefined) throw denied(view, first);
  }

  return {
    mutate: (request, object) => next.mutate(request, object),
    async validate(request, object) {
      ask(request, object);
      await next.validate(request, object);
    },
  };
}

/** The findings of all policies about one write. */
class Dispatch {
  readonly denials: Finding[] = [];
  readonly #view: AdmissionView;
  readonly #deps: PolicyDeps;
  readonly #matching: MatchDeps;

  constructor(view: AdmissionView, deps: PolicyDeps) {
    this.#view = view;
    this.#deps = deps;
    const namespaces = deps.store.collection(collectionId({ group: '', plural: 'namespaces' }));
    this.#matching = { registry: deps.registry, namespace: (name) => namespaces.get(name)?.object };
  }

  ask(policy: PolicyProgram, bindings: readonly ApiObject[]): void {
    const match = matchOf(policy.criteria, this.#view, this.#matching);
    if (match === undefined) return;
    let definition: ReturnType<typeof paramDefinition>;
    try {
      definition = paramDefinition(policy, this.#deps.registry);
    } catch (error) {
      this.#misconfigured(policy, undefined, error);
      return;
    }
    for (const binding of bindings) {
      if (matchOf(readMatchResources(binding['spec'], 'matchResources'), this.#view, this.#matching) === undefined)
        continue;
      try {
        for (const params of paramsOf(binding, definition, this.#view.namespace, this.#deps))
          this.#judge(policy, binding, match, params);
      } catch (error) {
        this.#misconfigured(policy, binding, error);
      }
    }
  }

  #misconfigured(policy: PolicyProgram, binding: ApiObject | undefined, error: unknown): void {
    if (!(error instanceof ConfigurationFault)) throw error;
    if (policy.failurePolicy === 'Ignore') return;
    const what = binding === undefined ? 'policy' : 'binding';
    this.denials.push({
      policy: policy.name,
      binding: binding?.metadata.name,
      message: `failed to configure ${what}: ${error.message}`,
      reason: 'Invalid',
    });
  }

  #judge(policy: PolicyProgram, binding: ApiObject, match: Match, params: ApiObject | null): void {
    const { namespace, request } = this.#view;
    const isNamespace = request.scope.definition.group === '' && request.scope.definition.kind === 'Namespace';
    const activation = activationOf({
      view: this.#view,
      match,
      authorizer: this.#deps.authorizer,
      namespaceObject: namespace === '' || isNamespace ? undefined : this.#matching.namespace(namespace),
      params,
    });
    const actions = stringsAt(binding, 'spec', 'validationActions');
    const name = binding.metadata.name;
    for (const { message, reason, always } of runPolicy(policy, activation)) {
      if (always || actions.includes('Deny'))
        this.denials.push({ policy: policy.name, binding: name, message, reason });
      if (!always && actions.includes('Warn'))
        request.scope.warn(
          `Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${name}': ${message}`,
        );
    }
  }
}

function denied({ request, name, object }: AdmissionView, { policy, binding, message, reason }: Finding): StatusError {
  const by = `ValidatingAdmissionPolicy '${policy}'${binding === undefined ? '' : ` with binding '${binding}'`}`;
  const text = `${by} denied request: ${message}`;
  const generated = object?.metadata?.generateName ?? '';
  const error = forbidden(request.scope.definition, name || generated || 'Unknown', text);
  return new StatusError(CODES[reason] ?? 422, reason, error.message, {
    ...error.details,
    causes: [{ message: text }],
  });
}
