// Checks stored policies against the kinds that they match, and tells of it in their status, as the controller of a real cluster does.
import type { Compilation } from '../cel/program.ts';
import { shapeOf } from '../cel/schema-types.ts';
import type { CelType } from '../cel/types.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { numberAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf, collectionId } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../storage/store.ts';
import { readPolicy } from './policy-program.ts';

interface StatusDeps {
  readonly store: Store;
  readonly registry: Pick<Registry, 'list'>;
}

/** More kinds than these are not looked at. */
const MAX_KINDS = 10;

/** From now on every stored policy gets the status of its generation, after the write that brought it. */
export function reportPolicyTypes({ store, registry }: StatusDeps): void {
  const policies = store.collection(
    collectionId({ group: 'admissionregistration.k8s.io', plural: 'validatingadmissionpolicies' }),
  );
  const queue = new Set<string>();
  policies.subscribe(({ type, current }) => {
    if (type === 'DELETED') return;
    if (queue.size === 0) queueMicrotask(workOff);
    queue.add(current.object.metadata.name);
  });
  function workOff(): void {
    for (const name of queue) {
      queue.delete(name);
      const entry = policies.get(name);
      const generation = entry?.object.metadata.generation;
      if (entry === undefined || numberAt(entry.object, 'status', 'observedGeneration') === generation) continue;
      const expressionWarnings = typeWarnings(entry.object, registry);
      const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
      policies.update(name, entry, { ...entry.object, status: { observedGeneration: generation, typeChecking } });
    }
  }
}

/** Warnings about validations that cannot work with every kind that the policy names. */
export function typeWarnings(policy: ApiObject, registry: StatusDeps['registry']): readonly JsonObject[] {
  const kinds = matchedKinds(policy, registry);
  const params = registry
    .list()
    .find(
      (definition) =>
        apiVersionOf(definition) === stringAt(policy, 'spec', 'paramKind', 'apiVersion') &&
        definition.kind === stringAt(policy, 'spec', 'paramKind', 'kind'),
    );
  const paramsType = params === undefined ? undefined : typeOf(params);
  const programs = kinds.map((definition) => ({
    definition,
    program: readPolicy(policy, {
      object: typeOf(definition),
      ...(paramsType === undefined ? {} : { paramsType }),
    }),
  }));
  return objectsAt(policy, 'spec', 'validations').flatMap((_validation, index) =>
    (['expression', 'messageExpression'] as const).flatMap((member) => {
      const results = programs.flatMap(({ definition, program }) => {
        const validation = program.validations[index];
        const compiled: Compilation | undefined =
          member === 'expression' ? validation?.compiled : validation?.messageCompiled;
        return compiled === undefined || compiled.ok ? [] : [`${shownKind(definition)}: ${compiled.text}\n`];
      });
      if (results.length === 0) return [];
      return [{ fieldRef: `spec.validations[${index}].${member}`, warning: results.join('\n') }];
    }),
  );
}

const shownKind = ({ group, version, kind }: Definition): string => `${group}/${version}, Kind=${kind}`;

function typeOf({ schema, kind }: Definition): CelType {
  const shape = shapeOf(schema, kind, false);
  if (shape === undefined) throw new Error(`the schema of ${kind} is no object`);
  return shape.type;
}

/** The kinds that the policy's rules name one by one; wildcards name none, and subresources are passed over. */
function matchedKinds(policy: ApiObject, registry: StatusDeps['registry']): readonly Definition[] {
  const named = objectsAt(policy, 'spec', 'matchConstraints', 'resourceRules').flatMap((rule) => {
    const [groups, versions, resources] = [
      stringsAt(rule, 'apiGroups'),
      stringsAt(rule, 'apiVersions'),
      stringsAt(rule, 'resources'),
    ];
    if ([...groups, ...versions].some((word) => word.includes('*'))) return [];
    return registry
      .list()
      .filter(
        ({ group, version, plural }) =>
          groups.includes(group) && versions.includes(version) && resources.includes(plural),
      );
  });
  return [...new Set(named)].sort((one, two) => (shownKind(one) < shownKind(two) ? -1 : 1)).slice(0, MAX_KINDS);
}
