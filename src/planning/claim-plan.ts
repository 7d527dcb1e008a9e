// The next step of a VpcIPClaim: made for a Pod, bound to it, kept after it, released by expiry, by hand or with its workload (spec 004). Pure.
import type { ClaimDeletePolicy } from '../api/vpc-ip-claim.ts';

/** A Pod of the claim's name that needs an address and is bound to a managed node. */
export interface ClaimPod {
  readonly uid: string;
  readonly nodeName: string;
}

export interface ClaimFacts {
  readonly nowMs: number;
  /** Absent: nobody needs one. */
  readonly pod: ClaimPod | undefined;
  readonly claim:
    | {
        /** Somebody deleted it. */
        readonly deleted: boolean;
        readonly deletePolicy: ClaimDeletePolicy;
        readonly podUid: string | undefined;
        readonly nodeName: string | undefined;
        /** Whether the Pod `podUid` lives, from the API itself when it does not. */
        readonly userLives: boolean;
        /** Its Pod waits for what the cloud will not give, and uses nothing of it. */
        readonly refused: boolean;
        /** Its workload was deleted, or its namespace is on its way out; false when neither can be said. */
        readonly ownerGone: boolean;
        readonly unboundSinceMs: number | undefined;
      }
    | undefined;
  /** How long an unbound claim is kept; undefined: until somebody releases it. */
  readonly expiryMs: number | undefined;
}

export type ClaimStep =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'create' }
  /** The Pod uses it from now on. */
  | { readonly kind: 'bind'; readonly pod: ClaimPod }
  /** Bound to its Pod already: its status is brought up to date. */
  | { readonly kind: 'serve'; readonly pod: ClaimPod }
  /** No Pod uses it any more; kept. `releaseAtMs` is absolute. */
  | { readonly kind: 'keep'; readonly unboundSinceMs: number; readonly releaseAtMs: number | undefined }
  /** The object is deleted, and what it holds goes with it. */
  | { readonly kind: 'delete'; readonly reason: string }
  /** Deleted: what it holds is given up, then it goes. */
  | { readonly kind: 'release' }
  /** Deleted by hand while its Pod lives with what it holds: it goes, and is made again with that. */
  | { readonly kind: 'make-again' }
  /** Its workload was deleted, and its Pod has not ended yet: never released before (facts/tke.md 6.2, rule 4). */
  | { readonly kind: 'wait-for-pod' };

/** Total: each state has one next step, and carrying it out and planning again comes to rest. */
export function planClaim({ nowMs, pod, claim, expiryMs }: ClaimFacts): ClaimStep {
  if (claim === undefined) return pod === undefined ? { kind: 'nothing' } : { kind: 'create' };
  if (claim.deleted) {
    if (!claim.userLives || claim.refused) return { kind: 'release' };
    return claim.ownerGone ? { kind: 'wait-for-pod' } : { kind: 'make-again' };
  }
  if (claim.podUid !== undefined && claim.userLives) {
    const nodeName = pod?.uid === claim.podUid ? pod.nodeName : claim.nodeName;
    return { kind: 'serve', pod: { uid: claim.podUid, nodeName: nodeName ?? '' } };
  }
  const had = claim.podUid !== undefined || claim.unboundSinceMs !== undefined;
  if (had && claim.deletePolicy === 'Immediate') return { kind: 'delete', reason: 'its Pod is gone' };
  if (had && claim.ownerGone) return { kind: 'delete', reason: 'its workload was deleted' };
  if (pod !== undefined) return { kind: 'bind', pod };
  // Made by hand for a Pod that is to come: its time begins when that has been.
  if (!had) return { kind: 'nothing' };
  const unboundSinceMs = claim.unboundSinceMs ?? nowMs;
  const releaseAtMs = expiryMs === undefined ? undefined : unboundSinceMs + expiryMs;
  if (releaseAtMs !== undefined && releaseAtMs <= nowMs)
    return { kind: 'delete', reason: `it was kept until ${new Date(releaseAtMs).toISOString()}` };
  return { kind: 'keep', unboundSinceMs, releaseAtMs };
}
