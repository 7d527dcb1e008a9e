// The versions of a CustomResourceDefinition: schemas, subresources, columns and selectable fields of each.
import type { FieldError } from '../field-error.ts';
import { invalidValue, required, ShownValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { equalJson, isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import { dns1035NameFault } from '../names.ts';
import type { Schema } from '../schema/schema.ts';
import { columnFaults } from './column-faults.ts';
import { schemaFaults } from './schema-faults.ts';
import { subresourceFaults } from './subresource-faults.ts';

/**
 * Faults of `spec.versions`. What all versions share is reported where older releases kept it: under `spec.validation`,
 * `spec.subresources` and `spec.additionalPrinterColumns`, as a real server does.
 */
export function versionFaults(versions: readonly JsonObject[], objectMeta: Schema): FieldError[] {
  const shared = sharedParts(versions);
  const faults = versions.flatMap((version, index) => {
    const at = `spec.versions[${index}]`;
    const name = stringAt(version, 'name') ?? '';
    const nameFault = dns1035NameFault(name);
    return [
      ...(nameFault === undefined ? [] : [invalidValue(`${at}.name`, name, nameFault)]),
      ...deprecationFaults(version, at),
      ...(shared.has('schema') ? [] : schemaFaultsOf(version, `${at}.schema`, objectMeta)),
      ...(shared.has('subresources') ? [] : subresourceFaults(objectAt(version, 'subresources'), `${at}.subresources`)),
      ...(shared.has('additionalPrinterColumns') ? [] : columnFaultsOf(version, at)),
    ];
  });
  const names = versions.map((version) => version['name']);
  const storing = versions.filter((version) => version['storage'] === true).length;
  const shown = shownVersions(versions);
  return [
    ...missingSchemaFaults(versions),
    ...faults,
    ...(new Set(names).size < names.length
      ? [invalidValue('spec.versions', shown, 'must contain unique version names')]
      : []),
    ...(storing === 1
      ? []
      : [invalidValue('spec.versions', shown, 'must have exactly one version marked as storage version')]),
    ...(names.length === 0 ? [] : firstNameFaults(names[0])),
  ];
}

/** The first version is also what older releases called the version of the definition. */
function firstNameFaults(name: unknown): FieldError[] {
  const fault = typeof name === 'string' && name !== '' ? dns1035NameFault(name) : undefined;
  return fault === undefined ? [] : [invalidValue('spec.version', name, fault)];
}

/** Faults of what all versions share; they come after those of the names. */
export function sharedFaults(versions: readonly JsonObject[], objectMeta: Schema): FieldError[] {
  const [first = {}] = versions;
  const shared = sharedParts(versions);
  return [
    ...(shared.has('schema') ? schemaFaultsOf(first, 'spec.validation', objectMeta) : []),
    ...(shared.has('subresources') ? subresourceFaults(objectAt(first, 'subresources'), 'spec.subresources') : []),
    ...(shared.has('additionalPrinterColumns') ? columnFaultsOf(first, 'spec') : []),
  ];
}

const PARTS = ['schema', 'subresources', 'additionalPrinterColumns'];

function sharedParts(versions: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(PARTS.filter((part) => versions.every((version) => equalJson(version[part], versions[0]?.[part]))));
}

const schemaOf = (version: JsonObject): unknown => objectAt(version, 'schema')['openAPIV3Schema'];

const missingSchemaFaults = (versions: readonly JsonObject[]): FieldError[] =>
  versions.flatMap((version, index) =>
    isObject(schemaOf(version))
      ? []
      : [required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required')],
  );

function schemaFaultsOf(version: JsonObject, path: string, objectMeta: Schema): FieldError[] {
  const schema = schemaOf(version);
  if (!isObject(schema)) return [];
  const hasStatus = objectAt(version, 'subresources')['status'] !== undefined;
  return schemaFaults(schema, `${path}.openAPIV3Schema`, { hasStatus, objectMeta });
}

const columnFaultsOf = (version: JsonObject, path: string): FieldError[] =>
  objectsAt(version, 'additionalPrinterColumns').flatMap((column, index) =>
    columnFaults(column, `${path}.additionalPrinterColumns[${index}]`),
  );

function deprecationFaults(version: JsonObject, path: string): FieldError[] {
  const warning = stringAt(version, 'deprecationWarning');
  if (warning === undefined) return [];
  const control = Array.from(warning).findIndex((character) => /[\p{C}\p{Zl}\p{Zp}]/u.test(character));
  const details = [
    ...(version['deprecated'] === true ? [] : ['can only be set for deprecated versions']),
    ...(version['deprecated'] === true && warning.length > 256 ? ['must be <= 256 characters long'] : []),
    ...(version['deprecated'] === true && warning === '' ? ['must not be an empty string'] : []),
    ...(version['deprecated'] === true && control >= 0
      ? [`must only contain printable UTF-8 characters; non-printable character found at index ${control}`]
      : []),
  ];
  return details.map((detail) => invalidValue(`${path}.deprecationWarning`, warning, detail));
}

/** In Go's notation, without what the versions hold. */
function shownVersions(versions: readonly JsonObject[]): ShownValue {
  const shown = versions.map((version) => {
    const flag = (name: string): string => String(version[name] === true);
    return (
      `apiextensions.CustomResourceDefinitionVersion{Name:${JSON.stringify(version['name'] ?? '')}, ` +
      `Served:${flag('served')}, Storage:${flag('storage')}, Deprecated:${flag('deprecated')}, DeprecationWarning:(*string)(nil), ` +
      'Schema:(*apiextensions.CustomResourceValidation)(nil), Subresources:(*apiextensions.CustomResourceSubresources)(nil), ' +
      'AdditionalPrinterColumns:[]apiextensions.CustomResourceColumnDefinition(nil), SelectableFields:[]apiextensions.SelectableField(nil)}'
    );
  });
  return new ShownValue(`[]apiextensions.CustomResourceDefinitionVersion{${shown.join(', ')}}`);
}
