// Field ownership: what an update takes over, and what an apply merges, removes, and conflicts with.
import type { ApiObject, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { StatusError } from '../status.ts';
import type { FieldSet } from './field-set.ts';
import {
  difference,
  emptySet,
  equalSets,
  intersection,
  isEmptySet,
  node,
  printedPaths,
  union,
  withoutSubtrees,
} from './field-set.ts';
import type { Owner } from './managers.ts';
import { formatOwners, ownerKey, ownersOf, resetsOwners } from './managers.ts';
import { mergeApplied, removeFields } from './merge.ts';
import { compareFields, fieldsOf } from './walk.ts';

/** Who writes, and through what. `subresource` is '' for the main resource. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, seconds. */
  readonly time: string;
}

const SERVER_OWNED = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
];

/** The part of an object that has owners. */
function ownable(object: ApiObject | undefined): JsonObject {
  if (object === undefined) return { metadata: {} };
  const { apiVersion: _version, kind: _kind, ...rest } = object;
  const metadata: JsonObject = { ...object.metadata };
  for (const name of SERVER_OWNED) delete metadata[name];
  return { ...rest, metadata };
}

/** `.metadata` and a struct like `.spec` are not owned as such, only what is in them. */
function normalized(set: FieldSet): FieldSet {
  const metadata = set.children.get('f:metadata');
  if (metadata?.member !== true) return node(false, set.children);
  const children = new Map(set.children);
  children.delete('f:metadata');
  if (metadata.children.size > 0) children.set('f:metadata', node(false, metadata.children));
  return node(false, children);
}

/**
 * The managedFields of `after`, when `writer` changed `before` into it by anything but an apply: the writer owns what it
 * added or changed, nobody else owns that any more, and nobody owns what is gone.
 */
export function ownersAfterUpdate(
  before: ApiObject | undefined,
  after: ApiObject,
  schema: Schema,
  writer: Writer,
): JsonObject[] {
  if (resetsOwners(after)) return [];
  const sent = ownersOf(after);
  const recorded = sent.length > 0 ? sent : ownersOf(before);
  const changes = compareFields(ownable(before), ownable(after), schema);
  const taken = normalized(union(changes.added, changes.modified));
  const self: Omit<Owner, 'fields'> = { ...writer, operation: 'Update' };
  const owners = recorded.map((owner) => {
    const mine = ownerKey(owner) === ownerKey(self);
    const kept = withoutSubtrees(mine ? owner.fields : difference(owner.fields, taken), normalized(changes.removed));
    if (!mine) return { ...owner, fields: kept };
    const fields = union(kept, taken);
    return { ...owner, fields, time: equalSets(fields, owner.fields) && isEmptySet(taken) ? owner.time : writer.time };
  });
  if (!isEmptySet(taken) && !recorded.some((owner) => ownerKey(owner) === ownerKey(self)))
    owners.push({ ...self, fields: taken });
  return formatOwners(owners);
}

export interface Applied {
  /** Without `metadata.managedFields`. */
  readonly object: ApiObject;
  readonly owners: readonly Owner[];
}

/**
 * Lays an applied configuration over the live object. Throws 409 naming every field that another manager owns with another
 * value, unless `force`. The result still has to pass admission and validation.
 */
export function applyConfiguration(
  live: ApiObject | undefined,
  configuration: ApiObject,
  schema: Schema,
  writer: Writer,
  force: boolean,
): Applied {
  const self: Omit<Owner, 'fields'> = { ...writer, operation: 'Apply' };
  const recorded = ownersOf(live);
  const others = recorded.filter((owner) => ownerKey(owner) !== ownerKey(self));
  const previous = recorded.find((owner) => ownerKey(owner) === ownerKey(self));
  const wanted = normalized(fieldsOf(ownable(configuration), schema));

  const merged = mergeApplied(live ?? {}, configuration, schema) as ApiObject;
  const kept = others.reduce((set, owner) => union(set, owner.fields), wanted);
  const gone = difference(previous?.fields ?? emptySet, kept);
  const pruned = (removeFields(merged, gone, kept, schema) ?? {}) as ApiObject;
  // Identity is nobody's field and survives whatever was pruned around it.
  const object: ApiObject = { ...pruned, metadata: { ...pruned.metadata, ...identity(live, configuration) } };
  delete object.metadata.managedFields;

  const changes = compareFields(ownable(live), ownable(object), schema);
  const touched = normalized(union(changes.added, changes.modified));
  const contested = others
    .map((owner) => ({ owner, fields: intersection(owner.fields, touched) }))
    .filter(({ fields }) => !isEmptySet(fields));
  if (contested.length > 0 && !force) throw conflictError(contested);

  const unchanged = previous !== undefined && equalSets(previous.fields, wanted);
  const survivors = others.map((owner) => ({
    ...owner,
    fields: withoutSubtrees(difference(owner.fields, touched), normalized(changes.removed)),
  }));
  const time = unchanged && isEmptySet(touched) && isEmptySet(changes.removed) ? previous.time : writer.time;
  return { object, owners: [...survivors, { ...self, fields: wanted, time }] };
}

function identity(live: ApiObject | undefined, configuration: ApiObject): JsonObject {
  const kept: JsonObject = {};
  for (const name of SERVER_OWNED) {
    const value = live?.metadata[name] ?? configuration.metadata[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

interface Contested {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

function conflictError(contested: readonly Contested[]): StatusError {
  const conflicts = contested.flatMap(({ owner, fields }) =>
    printedPaths(fields).map((field) => ({ who: printedOwner(owner), field })),
  );
  const managers = [...new Set(conflicts.map(({ who }) => who))];
  const [first] = conflicts;
  const list =
    conflicts.length === 1
      ? `conflict with ${first?.who}: ${first?.field}`
      : managers
          .map(
            (who) =>
              `conflicts with ${who}:\n${conflicts
                .filter((entry) => entry.who === who)
                .map(({ field }) => `- ${field}`)
                .join('\n')}`,
          )
          .join('\n');
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  return new StatusError(409, 'Conflict', `Apply failed with ${count}: ${list}`, {
    causes: conflicts.map(({ who, field }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${who}`,
      field,
    })),
  });
}

function printedOwner(owner: Owner): string {
  const name = `${JSON.stringify(owner.manager)}${owner.subresource === '' ? '' : ` with subresource ${JSON.stringify(owner.subresource)}`}`;
  return owner.operation === 'Update' ? `${name} using ${owner.apiVersion}` : name;
}
