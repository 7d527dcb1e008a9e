// How many Pods with a shared address a node can have, why it is that many, and whether caps may be lowered to it (facts/tke.md 6.1, 12.1). Pure.

export interface ModelLimits {
  /** ENIs of the instance, its primary one included. */
  readonly eniQuantity: number;
  /** Addresses of an ENI, its own included. */
  readonly eniPrivateIpQuantity: number;
}

/**
 * Documented limits by cores, for when the cloud does not tell (facts/tke.md 12.1: SA2, and S5 up to 4 cores; that other models have the same is a
 * GUESS, low enough to be served in most cases, and an AssignPrivateIpAddresses above the real limit is refused without harm).
 */
export function documentedLimits(cpu: number): ModelLimits {
  if (cpu <= 1) return { eniQuantity: 2, eniPrivateIpQuantity: 6 };
  if (cpu < 8) return { eniQuantity: 4, eniPrivateIpQuantity: 10 };
  if (cpu < 16) return { eniQuantity: 6, eniPrivateIpQuantity: 20 };
  return { eniQuantity: 8, eniPrivateIpQuantity: 40 };
}

export interface EniIpQuotaInput {
  /** DescribeNetworkInterfaceLimit; `unavailable` once the call has failed, absent while it has not been made. */
  readonly limits: ModelLimits | 'unavailable' | undefined;
  /** Cores of the instance; absent while it is not known. */
  readonly cpu: number | undefined;
  /** Annotations `route-eni-max-attach` and `max-ip-per-route-eni` of the nec. */
  readonly maxAttach?: number;
  readonly maxIpPerRouteEni?: number;
  /** `nec.spec.maxRouteENI` and `nec.spec.maxIPPerENI`. */
  readonly maxRouteENI?: number;
  readonly maxIPPerENI?: number;
}

export interface EniIpQuota {
  /** What the node offers as `tke.cloud.tencent.com/eni-ip`. */
  readonly quota: number;
  /** ENIs with shared addresses, the trunk included. */
  readonly maxENI: number;
  /** Secondary addresses of each. */
  readonly maxIPPerENI: number;
  readonly reason: string;
}

/** (ENIs - the primary one) x (addresses - the ENI's own), each lowered by whichever cap is lowest; the reason names what decided. */
export function planEniIpQuota(input: EniIpQuotaInput): EniIpQuota {
  const none = (reason: string): EniIpQuota => ({ quota: 0, maxENI: 0, maxIPPerENI: 0, reason });
  const { limits, cpu } = input;
  if (limits === undefined) return none('the cloud has not told the limits of the instance yet');
  if (limits === 'unavailable' && cpu === undefined)
    return none('neither the limits nor the cores of the instance are known');
  const [model, source] =
    limits === 'unavailable'
      ? [documentedLimits(cpu ?? 1), `documented for ${cpu ?? 1} cores, since the cloud does not tell`]
      : [limits, 'limit of the model'];
  const enis = lowest([
    { most: Math.max(0, model.eniQuantity - 1), by: source },
    { most: input.maxAttach, by: 'annotation route-eni-max-attach' },
    { most: input.maxRouteENI, by: 'spec.maxRouteENI' },
  ]);
  const ips = lowest([
    { most: Math.max(0, model.eniPrivateIpQuantity - 1), by: source },
    { most: input.maxIpPerRouteEni, by: 'annotation max-ip-per-route-eni' },
    { most: input.maxIPPerENI, by: 'spec.maxIPPerENI' },
  ]);
  const reason = `${count(enis.most, 'ENI')} (${enis.by}) with ${count(ips.most, 'address', 'es')} each (${ips.by})`;
  return { quota: enis.most * ips.most, maxENI: enis.most, maxIPPerENI: ips.most, reason };
}

/** The caps of a node that count: those of the quota. */
export type QuotaCaps = Pick<EniIpQuota, 'maxENI' | 'maxIPPerENI'>;

/**
 * Whether a quota may come into force: nothing that is in use may be above it (facts/tke.md 6.1, rule 3). `inUse` has one number per ENI: its addresses
 * in use. On a problem the old caps stay in force.
 */
export function checkCaps(
  nec: string,
  next: QuotaCaps,
  inUse: readonly number[],
): { readonly ok: true } | { readonly ok: false; readonly problem: string } {
  const refuse = (what: string): { readonly ok: false; readonly problem: string } => ({
    ok: false,
    problem: `nec ${nec}: ${what}; move Pods away first, or choose higher caps`,
  });
  const busy = inUse.filter((number) => number > 0);
  const used = busy.reduce((sum, number) => sum + number, 0);
  const fullest = Math.max(0, ...busy);
  if (used > next.maxENI * next.maxIPPerENI)
    return refuse(`${next.maxENI} x ${next.maxIPPerENI} addresses are fewer than the ${used} in use`);
  if (busy.length > next.maxENI) return refuse(`${busy.length} ENIs have Pods, and ${next.maxENI} are allowed`);
  if (fullest > next.maxIPPerENI)
    return refuse(`an ENI has ${fullest} addresses in use, and ${next.maxIPPerENI} are allowed`);
  return { ok: true };
}

function lowest(candidates: readonly { readonly most: number | undefined; readonly by: string }[]): {
  readonly most: number;
  readonly by: string;
} {
  let best = { most: Number.POSITIVE_INFINITY, by: '' };
  for (const { most, by } of candidates) if (most !== undefined && most < best.most) best = { most, by };
  return best;
}

const count = (number: number, noun: string, plural = 's'): string => `${number} ${noun}${number === 1 ? '' : plural}`;
