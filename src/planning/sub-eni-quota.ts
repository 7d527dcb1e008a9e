// How many sub-ENIs a node may carry, and why it is that many (spec 002, Limitations). Pure.

/** Models that spec 002 lists; others get 0 unless overridden explicitly. */
export const TRUNKING_FAMILIES: readonly string[] = ['ITA5', 'M8', 'MA4', 'MA5', 'S8', 'S9', 'SA4', 'SA5'];

/** Defaults of spec 002: 100 a node, 256 on models with 64 cores. */
const DEFAULT_QUOTA = 100;
const LARGE_QUOTA = 256;
const LARGE_CORES = 64;

export interface QuotaInput {
  /** `vpcCni.trunkingEni.enableSubEni`. */
  readonly trunkingEnabled: boolean;
  /** CVM model such as SA5.LARGE8; absent while the cloud has not told. */
  readonly instanceType?: string;
  readonly cpu?: number;
  /** `nec.spec.maxSubENI`. */
  readonly override?: number;
  /** SubEniQuantity of DescribeNetworkInterfaceLimit; absent while unknown. */
  readonly cloudQuantity?: number;
  /** The account may not make sub-ENI calls. */
  readonly callsRefused?: boolean;
}

export interface Quota {
  readonly quota: number;
  readonly reason: string;
}

/** The part of a model before the first dot, upper case: `SA5` of `SA5.LARGE8`. */
export const modelFamily = (instanceType: string): string => (instanceType.split('.')[0] ?? '').toUpperCase();

/** The first rule that applies decides, and names itself as the reason. */
export function planSubEniQuota(input: QuotaInput): Quota {
  const { instanceType, cpu, override, cloudQuantity } = input;
  if (!input.trunkingEnabled) return { quota: 0, reason: 'vpcCni.trunkingEni.enableSubEni is not true' };
  if (input.callsRefused === true) return { quota: 0, reason: 'the account is not allowed to make sub-ENI calls' };
  if (instanceType === undefined) return { quota: 0, reason: 'the instance is not known yet' };
  const family = modelFamily(instanceType);
  if (override === undefined && !TRUNKING_FAMILIES.includes(family))
    return {
      quota: 0,
      reason: `model family ${family} is not one of ${TRUNKING_FAMILIES.join(', ')}; set spec.maxSubENI when the account was granted it`,
    };
  if (cloudQuantity === undefined) return { quota: 0, reason: 'the cloud has not told the limit of the instance yet' };
  const most = cpu !== undefined && cpu >= LARGE_CORES ? LARGE_QUOTA : DEFAULT_QUOTA;
  const wanted = override ?? most;
  if (cloudQuantity === 0 && wanted > 0)
    return {
      quota: 0,
      reason: 'the cloud allows none on this instance; the account may lack Trunking ENI (spec 002, Usage)',
    };
  if (cloudQuantity < wanted)
    return { quota: cloudQuantity, reason: `the cloud allows ${cloudQuantity} on this instance` };
  return {
    quota: wanted,
    reason: override === undefined ? `default of ${family} with ${cpu ?? 'unknown'} cores` : 'spec.maxSubENI',
  };
}
