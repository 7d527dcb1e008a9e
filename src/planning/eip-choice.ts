// Which of its designated EIPs a Pod gets, so that of two Pods that may have the same one exactly one has it (spec 004). Pure.
import type { EipPlace, ObservedEip } from './eip-plan.ts';
import { samePlace } from './eip-plan.ts';

export interface ChoiceFacts {
  /** What the Pod may have; one for a Pod with an ordinal. */
  readonly candidates: readonly string[];
  /** What the cloud shows; one that is not in it does not exist in this account and region. */
  readonly observed: ReadonlyMap<string, ObservedEip>;
  /** Claims that hold one, by its id; without the claim that asks. */
  readonly holders: ReadonlyMap<string, string>;
  /** Where the Pod's address is, when that is known. */
  readonly target: EipPlace | undefined;
  /** From 0 up to, not including, 1; the same for the same Pod, so that looking again changes nothing. */
  readonly lot: number;
}

export type Choice =
  | { readonly kind: 'chosen'; readonly eipId: string }
  /** The cloud works on the last one that could be had. */
  | { readonly kind: 'look-again' }
  | { readonly kind: 'none'; readonly reason: 'EIPNotFound' | 'EIPInUse'; readonly message: string };

/** One that already stands for the Pod's address is taken before a free one. */
export function chooseEip({ candidates, observed, holders, target, lot }: ChoiceFacts): Choice {
  const open = candidates.filter((id) => !holders.has(id));
  const own = open.find((id) => {
    const eip = observed.get(id);
    return eip?.state === 'bound' && samePlace(eip.place, target);
  });
  if (own !== undefined) return { kind: 'chosen', eipId: own };
  const free = open.filter((id) => observed.get(id)?.state === 'free');
  const eipId = free[Math.min(free.length - 1, Math.floor(lot * free.length))];
  if (eipId !== undefined) return { kind: 'chosen', eipId };
  if (open.some((id) => observed.get(id)?.state === 'busy')) return { kind: 'look-again' };
  const reasons = candidates.map((id) => why(id, observed.get(id), holders.get(id)));
  return {
    kind: 'none',
    reason: candidates.every((id) => !observed.has(id)) ? 'EIPNotFound' : 'EIPInUse',
    message: reasons.join('; '),
  };
}

function why(id: string, eip: ObservedEip | undefined, holder: string | undefined): string {
  if (holder !== undefined) return `${id} is held by EIPClaim ${holder}`;
  if (eip === undefined) return `${id} does not exist in this account and region`;
  return `${id} is bound to ${eip.state === 'bound' && eip.place !== undefined ? `${eip.place.privateIp} of ${eip.place.eniId}` : 'something else'}, which no EIPClaim bound it to`;
}

export interface Holder {
  readonly key: string;
  /** It is told as bound, which the cloud showed when that was written. */
  readonly bound: boolean;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** Of claims that record the same EIP, which a leader that was held up may bring about, the one that keeps it: who is bound, then the older, then by name. */
export function rightfulHolder(holders: readonly Holder[]): string | undefined {
  return holders
    .toSorted((a, b) => Number(b.bound) - Number(a.bound) || compare(a.createdAt, b.createdAt) || compare(a.key, b.key))
    .at(0)?.key;
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
