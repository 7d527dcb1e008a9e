// The rules of CustomResourceDefinitions: what is filled in, what is refused, and what an update must keep.
import type { FieldError } from '../field-error.ts';
import { invalidValue, notSupported, required } from '../field-error.ts';
import type { ApiObject } from '../json.ts';
import { ensureObject, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import { subdomainNameFault } from '../names.ts';
import type { Rules } from '../registry/definition.ts';
import type { Schema } from '../schema/schema.ts';
import { notImplemented } from '../status.ts';
import { approvalFaults } from './api-approval.ts';
import { isTrue, withCondition } from './definition-conditions.ts';
import { CLEANUP_FINALIZER, isBeingCleanedUp } from './definition-cleanup.ts';
import { missingNameFaults, nameFaults } from './definition-names.ts';
import { sharedFaults, versionFaults } from './definition-versions.ts';
import { goWords } from './go-words.ts';

/** The rules; `objectMeta` is the schema of ObjectMeta, which custom resources and embedded ones have. */
export const customResourceDefinitionRules = (objectMeta: Schema): Rules => ({
  tracksGeneration: true,
  needsLock: true,
  applyDefaults(crd) {
    const spec = ensureObject(crd, 'spec');
    const names = ensureObject(spec, 'names');
    const kind = stringAt(names, 'kind') ?? '';
    if ((stringAt(names, 'listKind') ?? '') === '' && kind !== '') names['listKind'] = `${kind}List`;
    if ((stringAt(names, 'singular') ?? '') === '') names['singular'] = kind.toLowerCase();
    spec['conversion'] ??= { strategy: 'None' };
    if (spec['preserveUnknownFields'] === false) delete spec['preserveUnknownFields'];
  },
  prepareCreate(crd) {
    refuseUnserved(crd);
    crd['status'] = {
      conditions: null,
      acceptedNames: { plural: '', kind: '' },
      storedVersions: storedVersions(crd, undefined),
    };
  },
  prepareUpdate(crd, old) {
    refuseUnserved(crd);
    crd['status'] = { ...objectAt(old, 'status'), storedVersions: storedVersions(crd, old) };
  },
  validate: (crd) => definitionFaults(crd, objectMeta),
  validateUpdate: (crd, old) => [...immutableFaults(crd, old), ...approvalFaults(crd, old)],
  validateStatus: (crd) => nameFaults(objectAt(crd, 'status', 'acceptedNames'), 'status.acceptedNames'),
  blocksRemoval: (crd) => crd.metadata.deletionTimestamp === undefined || isBeingCleanedUp(crd),
  markDeleted(crd) {
    const { finalizers = [], deletionTimestamp = '', generation = 1 } = crd.metadata;
    // Unlike that of other kinds, its deletion counts as no change.
    crd.metadata.generation = Math.max(1, generation - 1);
    if (!finalizers.includes(CLEANUP_FINALIZER)) crd.metadata.finalizers = [...finalizers, CLEANUP_FINALIZER];
    const conditions = withCondition(
      crd,
      {
        type: 'Terminating',
        status: 'True',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      },
      deletionTimestamp,
    );
    crd['status'] = { ...objectAt(crd, 'status'), conditions };
  },
});

function refuseUnserved(crd: ApiObject): void {
  if (stringAt(crd, 'spec', 'conversion', 'strategy') === 'Webhook')
    throw notImplemented('conversion webhooks of custom resources; use strategy None');
  if (objectsAt(crd, 'spec', 'versions').some((version) => version['selectableFields'] !== undefined))
    throw notImplemented('selectableFields of custom resources, which release 1.30 has as an alpha feature only');
}

function storedVersions(crd: ApiObject, old: ApiObject | undefined): readonly string[] {
  const storage = objectsAt(crd, 'spec', 'versions').find((version) => version['storage'] === true);
  const name = stringAt(storage, 'name');
  return [...new Set([...stringsAt(old, 'status', 'storedVersions'), ...(name === undefined ? [] : [name])])];
}

function definitionFaults(crd: ApiObject, objectMeta: Schema): FieldError[] {
  const spec = objectAt(crd, 'spec');
  const versions = objectsAt(spec, 'versions');
  const names = objectAt(spec, 'names');
  const isNew = objectsAt(crd, 'status', 'conditions').length === 0;
  return [
    ...identityFaults(crd),
    ...versionFaults(versions, objectMeta),
    ...missingNameFaults(names, 'spec.names'),
    ...nameFaults(names, 'spec.names'),
    ...sharedFaults(versions, objectMeta),
    ...conversionFaults(crd),
    ...storedVersionFaults(crd),
    ...(isNew ? approvalFaults(crd, undefined) : []),
    ...(spec['preserveUnknownFields'] === true
      ? [
          invalidValue(
            'spec.preserveUnknownFields',
            true,
            'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
          ),
        ]
      : []),
  ];
}

function identityFaults(crd: ApiObject): FieldError[] {
  const group = stringAt(crd, 'spec', 'group') ?? '';
  const scope = stringAt(crd, 'spec', 'scope') ?? '';
  const expected = `${stringAt(crd, 'spec', 'names', 'plural') ?? ''}.${group}`;
  const groupFault = subdomainNameFault(group);
  return [
    ...(crd.metadata.name === expected
      ? []
      : [invalidValue('metadata.name', crd.metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...(group === ''
      ? [required('spec.group')]
      : groupFault !== undefined
        ? [invalidValue('spec.group', group, groupFault)]
        : group.includes('.')
          ? []
          : [invalidValue('spec.group', group, 'should be a domain with at least one dot')]),
    ...(scope === '' ? [required('spec.scope')] : []),
    ...(scope === '' || scope === 'Cluster' || scope === 'Namespaced'
      ? []
      : [notSupported('spec.scope', scope, ['Cluster', 'Namespaced'])]),
  ];
}

function conversionFaults(crd: ApiObject): FieldError[] {
  const strategy = stringAt(crd, 'spec', 'conversion', 'strategy') ?? '';
  if (strategy === '') return [required('spec.conversion.strategy')];
  return strategy === 'None' ? [] : [notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook'])];
}

function storedVersionFaults(crd: ApiObject): FieldError[] {
  const stored = stringsAt(crd, 'status', 'storedVersions');
  const names = objectsAt(crd, 'spec', 'versions').map((version) => stringAt(version, 'name') ?? '');
  if (stored.length === 0)
    return [invalidValue('status.storedVersions', goWords([]), 'must have at least one stored version')];
  const storing = objectsAt(crd, 'spec', 'versions').filter((version) => version['storage'] === true);
  const unrecorded = storing.map((version) => stringAt(version, 'name') ?? '').filter((name) => !stored.includes(name));
  const unrecordedFaults = unrecorded.map((name) =>
    invalidValue('status.storedVersions', goWords(stored), `must have the storage version ${name}`),
  );
  const missing = stored.flatMap((name, index) =>
    names.includes(name)
      ? []
      : [
          invalidValue(
            `status.storedVersions[${index}]`,
            name,
            `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage ` +
              `migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
          ),
        ],
  );
  return [...unrecordedFaults, ...missing];
}

function immutableFaults(crd: ApiObject, old: ApiObject): FieldError[] {
  const established = isTrue(old, 'Established');
  const paths = [...(established ? [['scope'], ['names', 'kind']] : []), ['group'], ['names', 'plural']];
  return paths.flatMap((path) => {
    const [before, after] = [stringAt(old, 'spec', ...path), stringAt(crd, 'spec', ...path)];
    return before === after ? [] : [invalidValue(`spec.${path.join('.')}`, after, 'field is immutable')];
  });
}
