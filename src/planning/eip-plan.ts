// The next step of the EIP that a claim holds, after what the cloud shows of it (facts of the cloud API, section 17; ADR 0026). Pure.

/** A private address on an ENI. */
export interface EipPlace {
  readonly eniId: string;
  readonly privateIp: string;
}

/** As the cloud shows it: `busy` while one of its own operations works on it. */
export type ObservedEip =
  | { readonly state: 'busy' }
  | { readonly state: 'free' }
  /** `place` is absent on a NAT gateway, a load balancer, or an instance without an ENI in the answer. */
  | { readonly state: 'bound'; readonly place: EipPlace | undefined };

export interface EipFacts {
  /** `serve`: it stands for its Pod's address. `keep`: for none. `release`: the claim goes. */
  readonly wanted: 'serve' | 'keep' | 'release';
  /** Bought for the claim, else designated. */
  readonly created: boolean;
  /** Undefined: the cloud does not have it. */
  readonly observed: ObservedEip | undefined;
  /** Where the Pod's address is; undefined while nobody knows. */
  readonly target: EipPlace | undefined;
  /** Where the claim had it bound, or was about to. */
  readonly recorded: EipPlace | undefined;
  /** What is recorded was for the Pod that the claim serves now. */
  readonly recordedForPod: boolean;
}

export type EipStep =
  /** As it is wanted. */
  | { readonly kind: 'rest' }
  /** The cloud works on it. */
  | { readonly kind: 'look-again' }
  | { readonly kind: 'wait-for-address' }
  /** To be recorded before it is sent. */
  | { readonly kind: 'associate'; readonly place: EipPlace }
  | { readonly kind: 'disassociate' }
  | { readonly kind: 'release' }
  /** Nothing of it is the claim's any more. */
  | { readonly kind: 'given-up' }
  /** Bound by somebody else; a designated one is never taken away. */
  | { readonly kind: 'foreign' }
  /** It was released by somebody else. */
  | { readonly kind: 'missing' };

export const samePlace = (a: EipPlace | undefined, b: EipPlace | undefined): boolean =>
  a !== undefined && b !== undefined && a.eniId === b.eniId && a.privateIp === b.privateIp;

/**
 * Total: carrying the step out and planning again comes to rest. Nothing is released that was not bought for the claim, and nothing
 * that is bound; nothing designated is unbound from a place where the claim did not bind it.
 */
export function planEip(facts: EipFacts): EipStep {
  const { wanted, created, observed, target, recorded } = facts;
  if (observed === undefined) return { kind: wanted === 'release' ? 'given-up' : 'missing' };
  if (observed.state === 'busy') return { kind: 'look-again' };
  if (observed.state === 'free') {
    if (wanted === 'keep') return { kind: 'rest' };
    if (wanted === 'release') return { kind: created ? 'release' : 'given-up' };
    return target === undefined ? { kind: 'wait-for-address' } : { kind: 'associate', place: target };
  }
  const { place } = observed;
  if (wanted === 'serve') {
    if (samePlace(place, target)) return { kind: 'rest' };
    // Its Pod's address is not told just now; it is where it was bound for this Pod.
    if (target === undefined && facts.recordedForPod && samePlace(place, recorded)) return { kind: 'rest' };
  }
  const ours = created || samePlace(place, recorded);
  if (ours) return { kind: 'disassociate' };
  if (wanted === 'serve') return { kind: 'foreign' };
  return { kind: wanted === 'keep' ? 'rest' : 'given-up' };
}
