// The owners of fields: metadata.managedFields read, and written back in the order and form that Kubernetes uses.
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, stringAt } from '../json.ts';
import type { FieldSet } from './field-set.ts';
import { formatFieldSet, isEmptySet, parseFieldSet, union } from './field-set.ts';

/** One entry of managedFields. */
export interface Owner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, seconds; '' for none: an apply that changed nothing has none. */
  readonly time: string;
  readonly fields: FieldSet;
}

/** Who writes, and through what. `subresource` is '' for the main resource. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, seconds. */
  readonly time: string;
}

/** The identity of an owner, in the form whose order messages follow: an applier is one owner across versions. */
export function ownerKey(owner: Pick<Owner, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string {
  return JSON.stringify({
    manager: owner.manager,
    operation: owner.operation,
    apiVersion: owner.operation === 'Apply' ? undefined : owner.apiVersion,
    subresource: owner.subresource === '' ? undefined : owner.subresource,
  });
}

/** The owners recorded in an object; none at all when one entry cannot be read. */
export function ownersOf(object: ApiObject | undefined): readonly Owner[] {
  const entries = object?.metadata.managedFields ?? [];
  return entries.some((entry) => entryFault(entry, 0) !== undefined) ? [] : entries.filter(isObject).map(readOwner);
}

function readOwner(entry: JsonObject): Owner {
  return {
    manager: stringAt(entry, 'manager') ?? '',
    operation: entry['operation'] === 'Apply' ? 'Apply' : 'Update',
    apiVersion: stringAt(entry, 'apiVersion') ?? '',
    subresource: stringAt(entry, 'subresource') ?? '',
    time: stringAt(entry, 'time') ?? '',
    fields: parseFieldSet(entry['fieldsV1']),
  };
}

/** Why an entry cannot be read, as the real server says it; `undefined` when it can. */
export function entryFault(entry: unknown, index: number): string | undefined {
  const operation = stringAt(entry, 'operation');
  if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`';
  if ((stringAt(entry, 'apiVersion') ?? '') === '') return 'apiVersion must not be empty';
  const fieldsType = stringAt(entry, 'fieldsType') ?? '';
  if (fieldsType === '') return `missing fieldsType in managed fields entry ${index}`;
  if (fieldsType !== 'FieldsV1')
    return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`;
  return undefined;
}

/** A client empties the record by sending `managedFields: [{}]` or an empty list. */
export function resetsOwners(object: ApiObject): boolean {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return false;
  const [first] = managedFields;
  return (
    managedFields.length === 0 || (managedFields.length === 1 && isObject(first) && Object.keys(first).length === 0)
  );
}

const MAX_UPDATERS = 10;
const BUCKET = 'ancient-changes';

/** The same owners with at most ten updaters: the oldest of one version become one entry. */
export function cappedUpdaters(owners: readonly Owner[]): readonly Owner[] {
  const updaters = owners
    .filter((owner) => owner.operation === 'Update')
    .sort((left, right) => compareTexts([left.time, ownerKey(left)], [right.time, ownerKey(right)]));
  const kept = new Map(owners.map((owner) => [ownerKey(owner), owner]));
  const firsts = new Map<string, Owner>();
  let count = updaters.length;
  for (const owner of updaters) {
    if (count <= MAX_UPDATERS) break;
    const first = firsts.get(owner.apiVersion);
    if (first === undefined) {
      firsts.set(owner.apiVersion, owner);
      continue;
    }
    kept.delete(ownerKey(first));
    kept.delete(ownerKey(owner));
    const bucket: Owner = { ...owner, manager: BUCKET, subresource: '', fields: union(first.fields, owner.fields) };
    kept.set(ownerKey(bucket), bucket);
    firsts.set(owner.apiVersion, bucket);
    count -= 1;
  }
  return [...kept.values()];
}

/** The entries to store: appliers first, then by time and name; owners of nothing are left out. */
export function formatOwners(owners: readonly Owner[]): JsonObject[] {
  return owners
    .filter((owner) => !isEmptySet(owner.fields))
    .sort((left, right) => compareTexts(sortKeys(left), sortKeys(right)))
    .map((owner) => entryOf(owner, owner.operation, formatFieldSet(owner.fields)));
}

/** The entry of a writer, with its fields in the form in which they are stored. */
export function entryOf(writer: Writer, operation: Owner['operation'], fieldsV1: JsonObject): JsonObject {
  return {
    manager: writer.manager,
    operation,
    apiVersion: writer.apiVersion,
    ...(writer.time === '' ? {} : { time: writer.time }),
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(writer.subresource === '' ? {} : { subresource: writer.subresource }),
  };
}

const sortKeys = (owner: Owner): readonly string[] => [
  owner.operation,
  owner.time,
  owner.manager,
  owner.apiVersion,
  owner.subresource,
];

function compareTexts(left: readonly string[], right: readonly string[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? '';
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
