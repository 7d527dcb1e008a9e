// What to do about the shared addresses of one node, given its ENIs and how many addresses are to come or to go. Pure.
import { type AddressPool, type AddressUse, acked, refused, unanswered } from './address-pool.ts';

/** UnassignPrivateIpAddresses takes no more at once (facts/tencent-cloud-api.md, section 8). */
export const UNASSIGN_BATCH = 10;

/** An ENI of the node, as recorded and as the cloud showed it. One that is on its way out (deleted, or of another instance) is left out. */
export interface PoolEni {
  /** Name of the VpcENI. */
  readonly name: string;
  readonly trunk: boolean;
  /** Attached and settled, so that addresses can be bound to it. */
  readonly ready: boolean;
  /** Nothing can be bound to it for now, since its subnet rests. */
  readonly dry?: boolean;
  /** Most secondary addresses it may have. */
  readonly cap: number;
  /** `emptyPool` when it has none yet. */
  readonly pool: AddressPool;
  readonly use?: AddressUse;
  /** Secondary addresses by the last describe, and `pool.generation` when that was asked; absent in doubt: new process, or a call since. */
  readonly seen?: {
    readonly generation: number;
    readonly addresses: readonly { readonly ip: string; readonly settled: boolean }[];
  };
  /** Asked of the cloud by the recorded operation and not seen yet. */
  readonly arriving: number;
  /** A recorded call has not ended: no other one is made to this ENI. */
  readonly busy: boolean;
}

/**
 * Changes of `status.pool` (the transitions of address-pool.ts: list -> listed, drop -> afterUnassign, forget-refused and take-back-request ->
 * takenBack, ask-back -> askedBack) are applied in order and written at once per ENI. Of calls there is at most one per ENI.
 */
export type PoolAction =
  /** Describe the ENI: at once, or when the cloud has done with what it works on. */
  | { readonly kind: 'look'; readonly eni: string; readonly when: 'now' | 'settled' }
  | { readonly kind: 'list'; readonly eni: string; readonly addresses: readonly string[] }
  /** The cloud has them on the ENI no more: unassigned, or taken off by hand. */
  | { readonly kind: 'drop'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'forget-refused'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'take-back-request'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'ask-back'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'unassign'; readonly eni: string; readonly addresses: readonly string[] }
  | { readonly kind: 'assign'; readonly eni: string; readonly count: number }
  /** One more, with so many addresses to begin with. */
  | { readonly kind: 'add-eni'; readonly count: number }
  /** Delete its VpcENI, with the resourceVersion this was decided on: no address of it can be in use. */
  | { readonly kind: 'retire-eni'; readonly eni: string };

export interface PoolPlanInput {
  /** In the order in which they are filled. */
  readonly enis: readonly PoolEni[];
  /** Most ENIs with shared addresses, the trunk included. */
  readonly maxENI: number;
  /** Most secondary addresses of a new one. */
  readonly maxIPPerENI: number;
  /** Of `planPoolTarget`, for `countBound(enis, maxENI)`. */
  readonly target: { readonly bind: number; readonly release: number };
  /** False while nothing may be unassigned, so that what was given up goes on taking its place; default true. */
  readonly unassigns?: boolean;
}

export interface PoolPlan {
  readonly actions: readonly PoolAction[];
  /** Addresses to bind for which no ENI has room, now or soon. */
  readonly unmet: number;
}

/** `bound` of the pool's target: on the node's ENIs or under way to them, without what is being given back and what an ENI in excess has. */
export function countBound(enis: readonly PoolEni[], maxENI: number): number {
  const retiring = inExcess(enis, maxENI);
  return enis.reduce((sum, eni) => (retiring.has(eni.name) ? sum : sum + onEni(eni) - leaving(eni).length), 0);
}

/** Deterministic; carrying it out and planning again leads to no further action once target, cloud and agent have nothing new to say. */
export function planPool(input: PoolPlanInput): PoolPlan {
  const retiring = inExcess(input.enis, input.maxENI);
  const kept = input.enis.filter((eni) => !retiring.has(eni.name));
  const actions = input.enis.flatMap((eni) => (retiring.has(eni.name) ? retire(eni) : settle(eni)));
  const overflow = kept.flatMap((eni) => askBack(eni, onEni(eni) - leaving(eni).length - eni.cap));
  actions.push(...overflow);
  const asked = new Set(overflow.map((action) => action.eni));
  let release = input.target.release - overflow.reduce((sum, action) => sum + action.addresses.length, 0);
  for (const eni of [...kept].sort(emptiestFirst)) {
    const found = asked.has(eni.name) ? [] : askBack(eni, release);
    actions.push(...found);
    release -= found.reduce((sum, action) => sum + action.addresses.length, 0);
  }
  let need = input.target.bind;
  for (const eni of kept) {
    const room = eni.cap - (onEni(eni) - leaving(eni).length);
    const back = unanswered(eni.pool, eni.use).slice(0, Math.max(0, Math.min(need, room)));
    if (back.length > 0) actions.push({ kind: 'take-back-request', eni: eni.name, addresses: back });
    need -= back.length;
  }
  const assigned = new Set<string>();
  for (const eni of kept) {
    if (eni.dry === true) continue;
    const count = Math.min(need, Math.max(0, eni.cap - onEni(eni)));
    // An ENI that cannot take them this moment soon can: nothing is bound elsewhere instead. What was given up is about to make room, too.
    const staysOnIt = input.unassigns === false ? onEni(eni) : onEni(eni) - acked(eni.pool, eni.use).length;
    need -= Math.max(count, Math.min(need, eni.cap - staysOnIt));
    if (count <= 0 || !eni.ready || eni.busy || eni.seen === undefined) continue;
    actions.push({ kind: 'assign', eni: eni.name, count });
    assigned.add(eni.name);
  }
  if (need > 0 && input.enis.length < input.maxENI && input.maxIPPerENI > 0) {
    const count = Math.min(need, input.maxIPPerENI);
    actions.push({ kind: 'add-eni', count });
    need -= count;
    // What is left gets further ENIs in the next runs.
    need -= Math.min(need, (input.maxENI - input.enis.length - 1) * input.maxIPPerENI);
  }
  const ending = new Set(actions.flatMap((action) => (action.kind === 'retire-eni' ? [action.eni] : [])));
  for (const eni of input.enis) {
    if (eni.busy || !eni.ready || assigned.has(eni.name) || ending.has(eni.name)) continue;
    const addresses = unassignable(eni).slice(0, UNASSIGN_BATCH);
    if (addresses.length > 0) actions.push({ kind: 'unassign', eni: eni.name, addresses });
  }
  return { actions, unmet: Math.max(0, need) };
}

/** Brings the record in line with what the cloud shows and the agent says. */
function settle(eni: PoolEni): PoolAction[] {
  const actions: PoolAction[] = [];
  const no = refused(eni.pool, eni.use);
  if (no.length > 0) actions.push({ kind: 'forget-refused', eni: eni.name, addresses: no });
  if (!eni.ready) return actions;
  if (eni.seen === undefined) return eni.busy ? actions : [...actions, { kind: 'look', eni: eni.name, when: 'now' }];
  const shown = new Map(eni.seen.addresses.map((address) => [address.ip, address.settled]));
  const known = new Set(eni.pool.addresses.map((address) => address.ip));
  const found = [...shown].flatMap(([ip, settled]) => (settled && !known.has(ip) ? [ip] : []));
  const gone = [...known].filter((ip) => !shown.has(ip));
  if (found.length + gone.length > 0 && eni.seen.generation !== eni.pool.generation)
    // The pool has changed since that was asked: what looks new may just have been unassigned.
    return [...actions, { kind: 'look', eni: eni.name, when: 'now' }];
  if (gone.length > 0) actions.push({ kind: 'drop', eni: eni.name, addresses: gone });
  if (found.length > 0) actions.push({ kind: 'list', eni: eni.name, addresses: found });
  if ([...shown.values()].includes(false)) actions.push({ kind: 'look', eni: eni.name, when: 'settled' });
  return actions;
}

/** An ENI in excess: its addresses are asked back, and when all were given up it goes with them. */
function retire(eni: PoolEni): PoolAction[] {
  const given = new Set(acked(eni.pool, eni.use));
  if (eni.pool.addresses.every((address) => given.has(address.ip)))
    return eni.busy ? [] : [{ kind: 'retire-eni', eni: eni.name }];
  return [...settle(eni), ...askBack(eni, eni.pool.addresses.length)];
}

type AskBack = Extract<PoolAction, { kind: 'ask-back' }>;

/** Idle addresses, newest first: they cost least to do without. Nothing while a request stands. */
function askBack(eni: PoolEni, count: number): AskBack[] {
  if (count <= 0 || eni.pool.release !== undefined) return [];
  const used = inUse(eni);
  const shown = eni.seen === undefined ? undefined : new Set(eni.seen.addresses.map((address) => address.ip));
  const addresses = eni.pool.addresses
    .filter(({ ip }) => !used.has(ip) && (shown?.has(ip) ?? true))
    .sort((a, b) => b.since - a.since || (a.ip < b.ip ? 1 : -1))
    .slice(0, count)
    .map(({ ip }) => ip);
  return addresses.length === 0 ? [] : [{ kind: 'ask-back', eni: eni.name, addresses }];
}

/** Beyond the number of ENIs that the caps leave: unused ones, and those first that are nearest to being empty. Never the trunk. */
function inExcess(enis: readonly PoolEni[], maxENI: number): ReadonlySet<string> {
  const unused = enis
    .filter((eni) => !eni.trunk && inUse(eni).size === 0)
    .sort((a, b) => staying(a) - staying(b) || (a.name < b.name ? 1 : -1));
  return new Set(unused.slice(0, Math.max(0, enis.length - maxENI)).map((eni) => eni.name));
}

/** Physically on it, or under way to it. */
function onEni(eni: PoolEni): number {
  const ips = new Set(eni.pool.addresses.map((address) => address.ip));
  for (const { ip } of eni.seen?.addresses ?? []) ips.add(ip);
  return ips.size + eni.arriving;
}

/** Asked back, and not refused. */
function leaving(eni: PoolEni): readonly string[] {
  const no = new Set(refused(eni.pool, eni.use));
  return (eni.pool.release?.addresses ?? []).filter((ip) => !no.has(ip));
}

function unassignable(eni: PoolEni): string[] {
  const settled = new Set((eni.seen?.addresses ?? []).flatMap((address) => (address.settled ? [address.ip] : [])));
  return acked(eni.pool, eni.use).filter((ip) => settled.has(ip));
}

const staying = (eni: PoolEni): number => onEni(eni) - leaving(eni).length;
const inUse = (eni: PoolEni): ReadonlySet<string> => new Set((eni.use?.inUse ?? []).map((entry) => entry.ip));

const emptiestFirst = (a: PoolEni, b: PoolEni): number =>
  inUse(a).size - inUse(b).size || Number(a.trunk) - Number(b.trunk) || (a.name < b.name ? 1 : -1);
