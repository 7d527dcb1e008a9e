// ipamd's side of the handshake about shared addresses: what `status.pool` of a VpcENI becomes by each step (DESIGN, decision 1). Pure.
//
// What whoever carries out these steps owes them, for no address to be in two hands (address-handshake.model.test.ts shows what happens otherwise):
// - every write of `status.pool` carries the resourceVersion of the object it was decided on, and a conflict drops the decision;
// - before UnassignPrivateIpAddresses is sent, the operation is recorded in the object by such a write: an old view of an old answer must not
//   take an address away that was given out anew since;
// - what the cloud shows counts for `listed` and `afterUnassign` only if it was asked while `pool.generation` was what it is now.
import type { VpcEniStatus } from '../api/vpc-eni.ts';

/** `status.pool`: what ipamd lets the agent hand out, and what it wants back. */
export type AddressPool = NonNullable<VpcEniStatus['pool']>;
/** `status.use`: what the agent made of it. */
export type AddressUse = NonNullable<VpcEniStatus['use']>;
/** The part of `status.use` that ipamd decides by. */
export type Answer = Pick<AddressUse, 'generation' | 'inUse' | 'released'>;

/** Of an ENI without any shared address yet. */
export const emptyPool: AddressPool = { generation: 0, addresses: [] };

/** Adds addresses that the cloud shows settled on the ENI; those that are listed stay as they are. The same pool when there is nothing to add. */
export function listed(pool: AddressPool, ips: readonly string[]): AddressPool {
  const known = new Set(pool.addresses.map((address) => address.ip));
  const added = [...new Set(ips)].filter((ip) => !known.has(ip));
  if (added.length === 0) return pool;
  const generation = pool.generation + 1;
  return { ...pool, generation, addresses: [...pool.addresses, ...added.map((ip) => ({ ip, since: generation }))] };
}

/** Asks for listed addresses. One request at a time: the same pool while another stands, or when none of them is listed. */
export function askedBack(pool: AddressPool, ips: readonly string[]): AddressPool {
  const known = new Set(pool.addresses.map((address) => address.ip));
  const addresses = [...new Set(ips)].filter((ip) => known.has(ip));
  if (pool.release !== undefined || addresses.length === 0) return pool;
  const generation = pool.generation + 1;
  return { ...pool, generation, release: { generation, addresses } };
}

/** Addresses of the standing request that the agent gave up for good: all that is left to do is to unassign them. */
export function acked(pool: AddressPool, use: Answer | undefined): string[] {
  const { release } = pool;
  if (release === undefined || use === undefined) return [];
  const given = new Set(use.released.filter((mark) => mark.generation >= release.generation).map((mark) => mark.ip));
  return release.addresses.filter((ip) => given.has(ip));
}

/** Addresses of the standing request that the agent answered otherwise: they are in use. */
export function refused(pool: AddressPool, use: Answer | undefined): string[] {
  const { release } = pool;
  if (release === undefined || use === undefined || use.generation < release.generation) return [];
  const given = new Set(acked(pool, use));
  return release.addresses.filter((ip) => !given.has(ip));
}

/** Addresses of the standing request without an answer: these may be taken back. */
export function unanswered(pool: AddressPool, use: Answer | undefined): string[] {
  const answered = new Set([...acked(pool, use), ...refused(pool, use)]);
  return (pool.release?.addresses ?? []).filter((ip) => !answered.has(ip));
}

/**
 * The request without these addresses, which count as new from here on, so that an answer that is under way, or that a restarted agent gives
 * again, is void. For requests without an answer and for refused ones; an acked address stays, since it is always unassigned.
 */
export function takenBack(pool: AddressPool, use: Answer | undefined, ips: readonly string[]): AddressPool {
  const final = new Set(acked(pool, use));
  const back = new Set(ips.filter((ip) => !final.has(ip) && (pool.release?.addresses.includes(ip) ?? false)));
  if (back.size === 0) return pool;
  const generation = pool.generation + 1;
  return withoutRequest(
    {
      ...pool,
      generation,
      addresses: pool.addresses.map((address) =>
        back.has(address.ip) ? { ip: address.ip, since: generation } : address,
      ),
    },
    back,
  );
}

/** The pool once the cloud shows these addresses on the ENI no more: neither listed nor asked for. */
export function afterUnassign(pool: AddressPool, ips: readonly string[]): AddressPool {
  const gone = new Set(ips);
  const stays = (ip: string): boolean => !gone.has(ip);
  const addresses = pool.addresses.filter((address) => stays(address.ip));
  const asked = pool.release?.addresses ?? [];
  if (addresses.length === pool.addresses.length && asked.every(stays)) return pool;
  return withoutRequest({ ...pool, generation: pool.generation + 1, addresses }, gone);
}

function withoutRequest(pool: AddressPool, gone: ReadonlySet<string>): AddressPool {
  const { release, ...rest } = pool;
  const left = (release?.addresses ?? []).filter((ip) => !gone.has(ip));
  return release === undefined || left.length === 0 ? rest : { ...rest, release: { ...release, addresses: left } };
}
