// The rules of CustomResourceDefinitions: names, versions, structural schemas, and the status that says they are served.
import type { FieldError } from '../field-error.ts';
import { invalidValue, notSupported, required } from '../field-error.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { ensureObject, equalJson, isObject, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { RuleContext, Rules } from '../registry/definition.ts';
import { notImplemented } from '../status.ts';
import { parseJsonPath } from './json-path.ts';
import { structuralFaults } from './structural.ts';

export const customResourceDefinitionRules: Rules = {
  tracksGeneration: true,
  needsLock: true,
  applyDefaults(crd) {
    const names = ensureObject(ensureObject(crd, 'spec'), 'names');
    const kind = stringAt(names, 'kind') ?? '';
    names['listKind'] ??= `${kind}List`;
    names['singular'] ??= kind.toLowerCase();
    objectAt(crd, 'spec')['conversion'] ??= { strategy: 'None' };
  },
  prepareCreate(crd, context) {
    refuseUnserved(crd);
    crd['status'] = establishedStatus(crd, undefined, context);
  },
  prepareUpdate(crd, old, context) {
    refuseUnserved(crd);
    crd['status'] = establishedStatus(crd, old, context);
  },
  validate: (crd) => definitionFaults(crd),
  validateUpdate: (crd, old) => immutableFaults(crd, old),
};

function refuseUnserved(crd: ApiObject): void {
  if (stringAt(crd, 'spec', 'conversion', 'strategy') === 'Webhook')
    throw notImplemented('conversion webhooks of custom resources; use strategy None');
}

function establishedStatus(crd: ApiObject, old: ApiObject | undefined, { now }: RuleContext): JsonObject {
  const lastTransitionTime = now.toISOString().replace(/\.\d{3}Z$/, 'Z');
  const condition = (type: string, reason: string, message: string): JsonObject => {
    const before = objectsAt(old, 'status', 'conditions').find((entry) => entry['type'] === type);
    return before ?? { type, status: 'True', reason, message, lastTransitionTime };
  };
  const storage = objectsAt(crd, 'spec', 'versions').find((version) => version['storage'] === true);
  const stored = [...stringsAt(old, 'status', 'storedVersions'), stringAt(storage, 'name') ?? ''];
  return {
    acceptedNames: objectAt(crd, 'spec', 'names'),
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    storedVersions: [...new Set(stored)],
  };
}

function definitionFaults(crd: ApiObject): FieldError[] {
  const spec = objectAt(crd, 'spec');
  const group = stringAt(spec, 'group') ?? '';
  const plural = stringAt(spec, 'names', 'plural') ?? '';
  const scope = stringAt(spec, 'scope');
  const expected = `${plural}.${group}`;
  return [
    ...(crd.metadata.name === expected
      ? []
      : [invalidValue('metadata.name', crd.metadata.name, `must be spec.names.plural+"."+spec.group`)]),
    ...(group === ''
      ? [required('spec.group')]
      : group.includes('.')
        ? []
        : [invalidValue('spec.group', group, 'should be a domain with at least one dot')]),
    ...(scope === 'Namespaced' || scope === 'Cluster'
      ? []
      : [notSupported('spec.scope', scope ?? '', ['Cluster', 'Namespaced'])]),
    ...nameFaults(objectAt(spec, 'names')),
    ...versionFaults(objectsAt(spec, 'versions')),
  ];
}

function nameFaults(names: JsonObject): FieldError[] {
  const lower = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
  const words = ['plural', 'singular'].flatMap((name) => {
    const value = stringAt(names, name) ?? '';
    if (value === '') return [required(`spec.names.${name}`)];
    return lower.test(value)
      ? []
      : [
          invalidValue(
            `spec.names.${name}`,
            value,
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-'",
          ),
        ];
  });
  const kind = stringAt(names, 'kind') ?? '';
  const listKind = stringAt(names, 'listKind') ?? '';
  return [
    ...words,
    ...(kind === '' ? [required('spec.names.kind')] : []),
    ...(kind !== '' && kind === listKind
      ? [invalidValue('spec.names.listKind', listKind, 'kind and listKind may not be the same')]
      : []),
  ];
}

function versionFaults(versions: readonly JsonObject[]): FieldError[] {
  const storing = versions.filter((version) => version['storage'] === true).length;
  return [
    ...(storing === 1
      ? []
      : [
          invalidValue(
            'spec.versions',
            versions.map((version) => stringAt(version, 'name')),
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...versions.flatMap((version, index) => {
      const at = `spec.versions[${index}]`;
      const schema = objectAt(version, 'schema')['openAPIV3Schema'];
      return [
        ...(stringAt(version, 'name') ? [] : [required(`${at}.name`)]),
        ...(isObject(schema)
          ? structuralFaults(schema, `${at}.schema.openAPIV3Schema`)
          : [required(`${at}.schema.openAPIV3Schema`, 'schemas are required')]),
        ...columnFaults(version, at),
      ];
    }),
  ];
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];

function columnFaults(version: JsonObject, at: string): FieldError[] {
  return objectsAt(version, 'additionalPrinterColumns').flatMap((column, index) => {
    const place = `${at}.additionalPrinterColumns[${index}]`;
    const type = stringAt(column, 'type') ?? '';
    const path = stringAt(column, 'jsonPath') ?? '';
    return [
      ...(stringAt(column, 'name') ? [] : [required(`${place}.name`)]),
      ...(COLUMN_TYPES.includes(type) ? [] : [notSupported(`${place}.type`, type, COLUMN_TYPES)]),
      ...(path === '' ? [required(`${place}.jsonPath`)] : []),
      ...(path !== '' && parseJsonPath(path) === undefined
        ? [
            invalidValue(
              `${place}.jsonPath`,
              path,
              'must be a simple json path: members, [n], [*] or [?(@.member=="value")]',
            ),
          ]
        : []),
    ];
  });
}

function immutableFaults(crd: ApiObject, old: ApiObject): FieldError[] {
  const paths = [['scope'], ['group'], ['names', 'kind'], ['names', 'plural']] as const;
  return paths.flatMap((path) => {
    const [before, after] = [stringAt(old, 'spec', ...path), stringAt(crd, 'spec', ...path)];
    return equalJson(before, after) ? [] : [invalidValue(`spec.${path.join('.')}`, after, 'field is immutable')];
  });
}
