// Admission webhooks: the configurations that apply to a write, in order, mutating first and validating last.
import type { Authorizer } from '../access/rbac.ts';
import type { ApiObject } from '../json.ts';
import { equalJson } from '../json.ts';
import { redecode } from '../operations/decode-object.ts';
import { collectionId } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import { forbidden, internalError, notImplemented } from '../status.ts';
import type { Store, StoredObject } from '../storage/store.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import type { AdmissionView } from './admission-view.ts';
import { fromView, isOneWay, viewOf } from './admission-view.ts';
import { activationOf } from './expression-activation.ts';
import { decideConditions } from './match-conditions.ts';
import type { Match, MatchDeps } from './matching.ts';
import { isExempt, matchOf } from './matching.ts';
import type { CallDeps } from './webhook-calls.ts';
import { askWebhook } from './webhook-calls.ts';
import type { Webhook } from './webhook-config.ts';
import { readWebhooks } from './webhook-config.ts';
import { applyWebhookPatch } from './webhook-patch.ts';

export interface WebhookDeps extends CallDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
}

const GROUP = 'admissionregistration.k8s.io';

/** A webhook with the version of the resource in which it sees the write. */
interface Invocation {
  readonly webhook: Webhook;
  readonly match: Match;
}

export function createWebhookAdmission(deps: WebhookDeps): Admission {
  const configured = webhookReader(deps.store);
  const namespaces = deps.store.collection(collectionId({ group: '', plural: 'namespaces' }));
  const matching: MatchDeps = { registry: deps.registry, namespace: (name) => namespaces.get(name)?.object };

  /** Rules and selectors against the write as it was sent. */
  const matched = (
    plural: string,
    request: AdmissionRequest,
    object: ApiObject | undefined,
  ): { readonly view: AdmissionView; readonly invocations: readonly Invocation[] } | undefined => {
    const webhooks = configured(plural);
    const view = webhooks.length === 0 ? undefined : viewOf(request, object);
    if (view === undefined || isExempt(view)) return undefined;
    const invocations = webhooks.flatMap((webhook) => {
      // A webhook without rules is never asked.
      const match = webhook.criteria.rules.length === 0 ? undefined : matchOf(webhook.criteria, view, matching);
      return match === undefined ? [] : [{ webhook, match }];
    });
    return { view, invocations };
  };

  const mutating = (request: AdmissionRequest, object: ApiObject | undefined): readonly Invocation[] =>
    matched('mutatingwebhookconfigurations', request, object)?.invocations ?? [];

  /** matchConditions against the object as it is by now. Throws 403 when they cannot be decided and the policy is Fail. */
  const wanted = ({ webhook, match }: Invocation, view: AdmissionView): boolean => {
    if (webhook.conditions.length === 0) return true;
    const activation = activationOf({ view, match, authorizer: deps.authorizer, namespaceObject: undefined });
    const outcome = decideConditions(webhook.conditions, activation);
    if (!('error' in outcome)) return outcome.matches;
    if (webhook.failurePolicy === 'Ignore') return false;
    throw forbidden(view.request.scope.definition, view.name, outcome.error);
  };

  async function mutate(
    invocations: readonly Invocation[],
    request: AdmissionRequest,
    object: ApiObject | undefined,
  ): Promise<ApiObject | undefined> {
    let current = object;
    const called: Invocation[] = [];
    const again = new Set<Invocation>();
    const call = async (invocation: Invocation): Promise<boolean> => {
      const view = viewOf(request, current);
      if (!wanted(invocation, view)) return false;
      const next = await mutateWith(deps, invocation, view, current);
      const changed = next !== current;
      current = next;
      return changed;
    };
    for (const invocation of invocations) {
      // Webhooks that asked for it see what later ones changed.
      if (await call(invocation))
        for (const earlier of called) if (earlier.webhook.reinvocationPolicy === 'IfNeeded') again.add(earlier);
      called.push(invocation);
    }
    for (const invocation of again) await call(invocation);
    return current;
  }

  return {
    async mutate(request, object) {
      const invocations = mutating(request, object);
      return invocations.length === 0 ? object : ((await mutate(invocations, request, object)) ?? object);
    },
    async validate(request, object) {
      // These writes have no step of their own for changes.
      if (request.operation === 'DELETE' || isOneWay(request)) await mutate(mutating(request, object), request, object);
      const found = matched('validatingwebhookconfigurations', request, object);
      if (found === undefined) return;
      const { view } = found;
      const invocations = found.invocations.filter((one) => wanted(one, view));
      const answers = await Promise.allSettled(
        invocations.map(({ webhook, match }) => askWebhook(deps, webhook, view, match)),
      );
      const refused = answers.find((answer) => answer.status === 'rejected');
      if (refused !== undefined) throw refused.reason;
    },
  };
}

/** Reads configurations by name; stored versions never change, so each is read once. */
function webhookReader(store: Store): (plural: string) => readonly Webhook[] {
  const read = new WeakMap<StoredObject, readonly Webhook[]>();
  return (plural) => {
    const entries = store.collection(collectionId({ group: GROUP, plural }));
    // Hardly any server has any, and every write asks.
    if (entries.size === 0) return [];
    return entries.list().flatMap((entry) => {
      const webhooks = read.get(entry) ?? readWebhooks(entry.object);
      read.set(entry, webhooks);
      return webhooks;
    });
  };
}

/** The object after one webhook; the same one when nothing changed. */
async function mutateWith(
  deps: WebhookDeps,
  { webhook, match }: Invocation,
  view: AdmissionView,
  object: ApiObject | undefined,
): Promise<ApiObject | undefined> {
  const patch = await askWebhook(deps, webhook, view, match);
  if (patch.length === 0) return object;
  if (object === undefined || view.object === undefined)
    throw internalError(
      `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
    );
  const seen = applyWebhookPatch(view.object, patch);
  if (equalJson(seen, view.object)) return object;
  const { request, subresource } = view;
  if (isOneWay(request))
    throw notImplemented(`changes by admission webhooks to ${view.resource.resource}/${subresource}`);
  const { definition } = request.scope;
  return subresource === 'scale'
    ? fromView(request, object, seen)
    : redecode(definition, { ...seen, apiVersion: object.apiVersion });
}
