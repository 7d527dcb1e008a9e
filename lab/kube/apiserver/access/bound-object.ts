// What a ServiceAccount token may be bound to, and whether that still is what it was.
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, stringAt } from '../json.ts';

export const boundKinds = ['Pod', 'Secret', 'Node'] as const;
export type BoundKind = (typeof boundKinds)[number];

/** The object that a token ends with. */
export interface BoundObject {
  readonly kind: BoundKind;
  readonly name: string;
  readonly uid: string;
}

/** Where a kind is stored. */
export const pluralOf: Readonly<Record<BoundKind, string>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

/** The name of a kind in the `kubernetes.io` claim. */
export const claimOf = (kind: BoundKind): string => kind.toLowerCase();

/** Looks up an object of core/v1; `namespace` is absent for Nodes. */
export type Find = (plural: string, namespace: string | undefined, name: string) => ApiObject | undefined;

/** Seconds that a token outlives the deletion of what it is bound to, for programs that are still ending. */
const LEEWAY_MS = 60_000;

/** Is it there, under the same uid, and not long deleted? */
export function isStillThere(
  object: ApiObject | undefined,
  uid: string | undefined,
  nowMs: number,
): object is ApiObject {
  if (object === undefined || object.metadata.uid !== uid) return false;
  const { deletionTimestamp } = object.metadata;
  return deletionTimestamp === undefined || Date.parse(deletionTimestamp) + LEEWAY_MS >= nowMs;
}

/** The object that the claims of a token name; `undefined` for a token that is bound to none. */
export function boundObjectOf(claims: JsonObject): BoundObject | undefined {
  // A token of a Pod also names the Pod's node, and is bound to the Pod.
  const kind = boundKinds.find((candidate) => isObject(claims[claimOf(candidate)]));
  if (kind === undefined) return undefined;
  return {
    kind,
    name: stringAt(claims, claimOf(kind), 'name') ?? '',
    uid: stringAt(claims, claimOf(kind), 'uid') ?? '',
  };
}

/** What the server tells others about a token's bearer: `extra` of its user. */
export function extraOf(claims: JsonObject, tokenId: string | undefined): Readonly<Record<string, readonly string[]>> {
  const extra: Record<string, readonly string[]> = {};
  for (const kind of ['pod', 'node']) {
    const { name, uid } = { name: stringAt(claims, kind, 'name'), uid: stringAt(claims, kind, 'uid') };
    if (name !== undefined) extra[`authentication.kubernetes.io/${kind}-name`] = [name];
    if (uid !== undefined && uid !== '') extra[`authentication.kubernetes.io/${kind}-uid`] = [uid];
  }
  if (tokenId !== undefined) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${tokenId}`];
  return extra;
}
