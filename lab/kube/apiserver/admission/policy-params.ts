// The parameters that a binding hands to its policy.
import type { ApiObject } from '../json.ts';
import { isObject, objectAt, stringAt } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { apiVersionOf, collectionId, objectKey } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import { matchesLabels, selectorFromObject } from '../selection/label-selector.ts';
import type { Store } from '../storage/store.ts';
import type { PolicyProgram } from './policy-program.ts';

export interface ParamDeps {
  readonly store: Store;
  readonly registry: Pick<Registry, 'list'>;
}

/** The policy or its binding cannot be used as it is; the message says why. */
export class ConfigurationFault extends Error {}

/** The resource of a policy's paramKind; `undefined` when it has none. Throws ConfigurationFault when nothing serves it. */
export function paramDefinition({ paramKind }: PolicyProgram, registry: ParamDeps['registry']): Definition | undefined {
  if (paramKind === undefined) return undefined;
  const { apiVersion, kind } = paramKind;
  const found = registry
    .list()
    .find((definition) => apiVersionOf(definition) === apiVersion && definition.kind === kind);
  if (found !== undefined) return found;
  const shown = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  throw new ConfigurationFault(`failed to find resource referenced by paramKind: '${shown}, Kind=${kind}'`);
}

/**
 * The objects to run the policy with, once for each; `null` stands for a run without one. Throws ConfigurationFault for a reference
 * that cannot be followed, or that finds nothing where that is to deny.
 */
export function paramsOf(
  binding: ApiObject,
  definition: Definition | undefined,
  namespace: string,
  { store }: ParamDeps,
): readonly (ApiObject | null)[] {
  const reference = objectAt(binding, 'spec')['paramRef'];
  if (definition === undefined || !isObject(reference)) return [null];
  const given = stringAt(reference, 'namespace') ?? '';
  if (!definition.namespaced && given !== '')
    throw new ConfigurationFault('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  const inNamespace = given === '' ? namespace : given;
  if (definition.namespaced && inNamespace === '')
    throw new ConfigurationFault(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    );
  const collection = store.collection(collectionId(definition));
  const place = definition.namespaced ? inNamespace : undefined;
  const name = stringAt(reference, 'name') ?? '';
  const found =
    name === ''
      ? collection
          .list(place === undefined ? '' : `${place}/`)
          .map((entry) => entry.object)
          .filter((object) =>
            matchesLabels(selectorFromObject(objectAt(reference, 'selector')), object.metadata.labels ?? {}),
          )
      : [collection.get(objectKey(place, name))?.object].filter((object) => object !== undefined);
  if (found.length === 0 && stringAt(reference, 'parameterNotFoundAction') === 'Deny')
    throw new ConfigurationFault('no params found for policy binding with `Deny` parameterNotFoundAction');
  return found.map((object) => ({ ...object, apiVersion: apiVersionOf(definition), kind: definition.kind }));
}
