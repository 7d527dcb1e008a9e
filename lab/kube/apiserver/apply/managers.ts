// The owners of fields: metadata.managedFields read, and written back in the order and form that Kubernetes uses.
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, objectsAt, stringAt } from '../json.ts';
import type { FieldSet } from './field-set.ts';
import { formatFieldSet, isEmptySet, parseFieldSet } from './field-set.ts';

/** One entry of managedFields. */
export interface Owner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string;
  readonly fields: FieldSet;
}

/** The identity of an owner: an applier is one owner across versions. */
export function ownerKey(owner: Pick<Owner, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  return [owner.operation, owner.manager, owner.subresource, owner.operation === 'Apply' ? '' : owner.apiVersion].join(
    '\u0000',
  );
}

/** The owners recorded in an object. */
export function ownersOf(object: ApiObject | undefined): readonly Owner[] {
  return objectsAt(object, 'metadata', 'managedFields')
    .filter((entry) => stringAt(entry, 'operation') !== undefined)
    .map((entry) => ({
      manager: stringAt(entry, 'manager') ?? '',
      operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
      apiVersion: stringAt(entry, 'apiVersion') ?? '',
      subresource: stringAt(entry, 'subresource') ?? '',
      time: stringAt(entry, 'time') ?? '',
      fields: parseFieldSet(entry['fieldsV1']),
    }));
}

/** A client empties the record by sending `managedFields: [{}]`. */
export function resetsOwners(object: ApiObject): boolean {
  const [first, ...more] = object.metadata.managedFields ?? [];
  return more.length === 0 && isObject(first) && Object.keys(first).length === 0;
}

/** The entries to store: appliers first, then by time and name; owners of nothing are left out. */
export function formatOwners(owners: readonly Owner[]): JsonObject[] {
  return owners
    .filter((owner) => !isEmptySet(owner.fields))
    .sort(byKindTimeName)
    .map((owner) => ({
      apiVersion: owner.apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: formatFieldSet(owner.fields),
      manager: owner.manager,
      operation: owner.operation,
      ...(owner.subresource === '' ? {} : { subresource: owner.subresource }),
      time: owner.time,
    }));
}

function byKindTimeName(left: Owner, right: Owner): number {
  const keys = (owner: Owner): readonly string[] => [
    owner.operation,
    owner.time,
    owner.manager,
    owner.apiVersion,
    owner.subresource,
  ];
  const [one, two] = [keys(left), keys(right)];
  for (const [index, value] of one.entries()) {
    const other = two[index] ?? '';
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
