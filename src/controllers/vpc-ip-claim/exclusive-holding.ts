// Claims of kind DirectENI: they record that a Pod asks for an exclusive ENI, hold nothing, and say why (ADR 0025).
import { exclusiveNotServed } from '../../planning/exclusive-pod.ts';
import type { ClaimHolding } from './holding.ts';

/** Nothing is called in the cloud for such a claim, and nothing is left when it goes. */
export function createExclusiveHolding(): ClaimHolding {
  return {
    refusal: exclusiveNotServed,
    held: () => undefined,
    relink: () => Promise.resolve(),
    giveUp: () => Promise.resolve(true),
  };
}
