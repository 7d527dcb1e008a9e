// What an instance model offers: cores, memory, and the ENI quotas that follow from them.

export interface ModelLimits {
  readonly cpu: number;
  readonly memoryGiB: number;
  readonly eniQuantity: number;
  readonly eniPrivateIpQuantity: number;
  readonly subEniQuantity: number;
}

/** Families that may carry sub-ENIs by default (spec 002, Limitations). */
const SUB_ENI_FAMILIES: ReadonlySet<string> = new Set(['ITA5', 'M8', 'MA4', 'MA5', 'S8', 'S9', 'SA4', 'SA5']);

const NAMED_CORES: Readonly<Record<string, number>> = { SMALL: 1, MEDIUM: 2, LARGE: 4 };

/** The machine behind one Pod of a super node: a primary ENI and nothing else. */
const SUPER_NODE_POD: ModelLimits = {
  cpu: 2,
  memoryGiB: 4,
  eniQuantity: 1,
  eniPrivateIpQuantity: 1,
  subEniQuantity: 0,
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
