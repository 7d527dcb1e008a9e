// Who owns what after a write that is no apply: the writer takes what it added or changed, and nobody owns what is gone.
import type { ApiObject, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { difference, emptySet, intersection, isEmptySet, leaf, node, union, withoutSubtrees } from './field-set.ts';
import type { Owner, Writer } from './managers.ts';
import { cappedUpdaters, ownerKey, ownersOf, resetsOwners } from './managers.ts';
import type { Comparison } from './walk.ts';
import { compareFields } from './walk.ts';

/** What ownership depends on besides the objects. */
export interface Ownable {
  readonly schema: Schema;
  /** An object of the kind in which nothing is set: what a new object is compared with. */
  readonly empty: JsonObject;
  /** Subtrees that nobody owns through the endpoint. */
  readonly resets: FieldSet;
}

const STRIPPED = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

const stripSet = node(
  false,
  new Map([['f:metadata', node(true, new Map(STRIPPED.map((name) => [`f:${name}`, leaf])))]]),
);

/** A writer's set without what is never recorded. */
export const stripped = (set: FieldSet): FieldSet => difference(set, stripSet);

/** The part of an object that has owners. */
export function ownablePart(object: JsonObject | ApiObject): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { managedFields: _owners, ...owned } = (metadata ?? {}) as JsonObject;
  return { ...rest, metadata: owned };
}

/** What differs between two objects, without what the endpoint does not touch. */
export function ownedChanges(
  before: JsonObject | undefined,
  after: JsonObject,
  { schema, empty, resets }: Ownable,
): Comparison {
  const { added, modified, removed } = compareFields(
    before === undefined ? empty : ownablePart(before),
    ownablePart(after),
    schema,
  );
  return {
    added: withoutSubtrees(added, resets),
    modified: withoutSubtrees(modified, resets),
    removed: withoutSubtrees(removed, resets),
  };
}

/** Takes what changed from owners that are not the writer. */
export function losers(owners: readonly Owner[], changes: Comparison): readonly Owner[] {
  const taken = union(changes.added, changes.modified);
  return owners
    .map((owner) => ({
      ...owner,
      fields: difference(difference(owner.fields, intersection(owner.fields, taken)), changes.removed),
    }))
    .filter((owner) => !isEmptySet(owner.fields));
}

/**
 * The owners of `after`, which `writer` made of `before` (`undefined`: it is new). An object that exists and has no owners
 * gets none before the first apply. Owners sent along replace the recorded ones, except through a subresource.
 */
export function ownersAfterUpdate(
  before: ApiObject | undefined,
  after: ApiObject,
  ownable: Ownable,
  writer: Writer,
): readonly Owner[] {
  const recorded = recordedOwners(before, after, writer.subresource !== '');
  if (recorded.length === 0 && before !== undefined) return [];
  return cappedUpdaters(withUpdate(recorded, ownedChanges(before, after, ownable), { ...writer, operation: 'Update' }));
}

/** What the creator of an object owns when nobody else does. */
export function ownedByCreator(object: ApiObject, ownable: Ownable): FieldSet {
  const { added, modified } = ownedChanges(undefined, object, ownable);
  return stripped(union(added, modified));
}

function recordedOwners(before: ApiObject | undefined, after: ApiObject, ofLive: boolean): readonly Owner[] {
  if (ofLive) return ownersOf(before);
  if (resetsOwners(after)) return [];
  const sent = ownersOf(after);
  return sent.length > 0 ? sent : ownersOf(before);
}

/** The owners after a change by `self`. */
export function withUpdate(
  recorded: readonly Owner[],
  changes: Comparison,
  self: Omit<Owner, 'fields'>,
): readonly Owner[] {
  const others = losers(recorded, changes);
  const taken = stripped(union(changes.added, changes.modified));
  if (isEmptySet(taken)) return others;
  const key = ownerKey(self);
  const mine = others.find((owner) => ownerKey(owner) === key)?.fields ?? emptySet;
  return [...others.filter((owner) => ownerKey(owner) !== key), { ...self, fields: union(mine, taken) }];
}
