// The content of an election's Lease: what we write into it and what another's means to us.
import { type Lease, leases } from './resources.ts';
import { apiVersionOf } from './paths.ts';
import { microTime } from './times.ts';

/** Identity and timing of one candidate. */
export interface Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseDurationMs: number;
}

/** The holder; `undefined` when nobody holds it or it was released. */
export function holderOf(lease: Lease): string | undefined {
  const holder = lease.spec?.holderIdentity;
  return holder === undefined || holder === '' ? undefined : holder;
}

/** How long a holder of this record may believe in it: the longer of its own duration and ours, in case they were configured differently. */
export function durationOf(lease: Lease, candidate: Candidate): number {
  return Math.max((lease.spec?.leaseDurationSeconds ?? 0) * 1000, candidate.leaseDurationMs);
}

/** The first record of an election. */
export function newLease(candidate: Candidate, now: Date): Lease {
  const { namespace, name } = candidate;
  return {
    apiVersion: apiVersionOf(leases),
    kind: leases.kind,
    metadata: { namespace, name },
    spec: { ...heldSpec(candidate, now), acquireTime: microTime(now), leaseTransitions: 0 },
  };
}

/** The record with us as its holder, renewed now; a change of holder counts as a transition. Its resourceVersion is the lock. */
export function heldBy(lease: Lease, candidate: Candidate, now: Date): Lease {
  const renewed = { ...lease.spec, ...heldSpec(candidate, now) };
  if (holderOf(lease) === candidate.identity) return { ...lease, spec: renewed };
  return {
    ...lease,
    spec: { ...renewed, acquireTime: microTime(now), leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + 1 },
  };
}

/** The record without a holder, so that another may take it at once. */
export function released(lease: Lease, now: Date): Lease {
  const { holderIdentity: _, ...rest } = lease.spec ?? {};
  return { ...lease, spec: { ...rest, leaseDurationSeconds: 1, renewTime: microTime(now) } };
}

function heldSpec(candidate: Candidate, now: Date): NonNullable<Lease['spec']> {
  return {
    holderIdentity: candidate.identity,
    leaseDurationSeconds: Math.ceil(candidate.leaseDurationMs / 1000),
    renewTime: microTime(now),
  };
}
