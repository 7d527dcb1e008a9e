// What an instance model offers: cores, memory, and the ENI quotas that follow from them.

export interface ModelLimits {
  readonly cpu: number;
  readonly memoryGiB: number;
  readonly eniQuantity: number;
  readonly eniPrivateIpQuantity: number;
  readonly subEniQuantity: number;
  /** EIPs on all ENIs together. */
  readonly eipQuantity: number;
}

/** Families that may carry sub-ENIs by default (spec 002, Limitations). */
const SUB_ENI_FAMILIES: ReadonlySet<string> = new Set(['ITA5', 'M8', 'MA4', 'MA5', 'S8', 'S9', 'SA4', 'SA5']);

const NAMED_CORES: Readonly<Record<string, number>> = { SMALL: 1, MEDIUM: 2, LARGE: 4 };

/** Families that take ENIs for exclusive use (facts tke.md 6.3: S5, SA2, SA3, IT5, later M5, SA5, S8, ITA5). */
const EXCLUSIVE_FAMILIES: ReadonlySet<string> = new Set(['IT5', 'ITA5', 'M5', 'S5', 'S8', 'SA2', 'SA3', 'SA5']);

/** The machine behind one Pod of a super node: a primary ENI and nothing else. */
const SUPER_NODE_POD: ModelLimits = {
  cpu: 2,
  memoryGiB: 4,
  eniQuantity: 1,
  eniPrivateIpQuantity: 1,
  subEniQuantity: 0,
  eipQuantity: 1,
};

/** Limits of a model such as `SA5.LARGE8`, or of `eklet`; undefined when the name has another form. */
export function modelLimits(instanceType: string): ModelLimits | undefined {
  if (instanceType === 'eklet') return SUPER_NODE_POD;
  const match = /^([A-Z]+\d+[a-z]*)\.(?:(SMALL|MEDIUM|LARGE)|(\d*)XLARGE)(\d+)$/.exec(instanceType);
  const family = match?.[1];
  if (match === null || family === undefined) return undefined;
  const named = match[2];
  const cpu = named === undefined ? 4 * Number(match[3] === '' ? 1 : match[3]) : (NAMED_CORES[named] ?? 1);
  return {
    cpu,
    memoryGiB: Number(match[4]),
    eniQuantity: eniQuantity(cpu),
    eniPrivateIpQuantity: privateIpQuantity(cpu),
    subEniQuantity: subEniQuantity(family, cpu),
    eipQuantity: eipQuantity(cpu),
  };
}

/** Primary ENI included (facts, section 18). */
function eniQuantity(cpu: number): number {
  if (cpu <= 1) return 2;
  if (cpu <= 4) return 4;
  return cpu <= 8 ? 6 : 8;
}

function privateIpQuantity(cpu: number): number {
  if (cpu <= 1) return 6;
  if (cpu <= 4) return 10;
  return cpu <= 8 ? 20 : 30;
}

/** 100, or 256 on 64 cores; 0 outside the listed families (spec 002, Limitations). */
function subEniQuantity(family: string, cpu: number): number {
  if (!SUB_ENI_FAMILIES.has(family)) return 0;
  return cpu >= 64 ? 256 : 100;
}

/** GUESS: it depends on the CPU, the table is not in the facts (section 18); two for small models, one more for every six cores, at most ten. */
function eipQuantity(cpu: number): number {
  return Math.min(10, 2 + Math.floor(cpu / 6));
}

/** Models that lists of models name: every family below in every size (GUESS: which there are; any name of the form is understood). */
export const KNOWN_MODELS: readonly string[] = ['S5', 'SA2', 'S8', 'SA4', 'SA5', 'M8'].flatMap((family) =>
  ['SMALL2', 'MEDIUM4', 'LARGE8', '2XLARGE16', '4XLARGE32', '8XLARGE64', '16XLARGE128'].map(
    (size) => `${family}.${size}`,
  ),
);

/**
 * Pods per network mode: shared ENIs leave out the primary ENI and each ENI's own address; sub-ENIs are the model's
 * (facts tke.md, section 12.1). Exclusive ENIs have a quota of their own by cores.
 */
export function podLimits(limits: ModelLimits): object {
  const shared = (limits.eniQuantity - 1) * (limits.eniPrivateIpQuantity - 1);
  return {
    TKERouteENINonStaticIP: shared,
    TKERouteENIStaticIP: shared,
    TKEDirectENI: exclusivePods(limits.cpu),
    TKESubENI: limits.subEniQuantity,
  };
}

/** Extended ENIs of a model: one more than the Pods that can have one (facts tke.md, section 12.1); 0 outside the listed families. */
export function extendEniQuantity(instanceType: string, cpu: number): number {
  const [family = ''] = instanceType.split('.');
  return EXCLUSIVE_FAMILIES.has(family) ? exclusivePods(cpu) + 1 : 0;
}

function exclusivePods(cpu: number): number {
  if (cpu <= 1) return 4;
  if (cpu <= 2) return 9;
  if (cpu <= 4) return 19;
  return cpu >= 128 ? 22 : 39;
}
