// How many Pods with an EIP a node can have, and why it is that many (spec 004, facts/tke.md 8). Pure.

export interface NodeEipInput {
  /** Cores of the instance; absent while they are not known. */
  readonly cpu: number | undefined;
  /** `nec.spec.maxEIP`. */
  readonly override: number | undefined;
}

export interface NodeEipQuota {
  /** What the node offers as `tke.cloud.tencent.com/eip`. */
  readonly quota: number;
  readonly reason: string;
}

/** Most public addresses that any CVM takes. */
const MOST = 10;
const LEAST = 2;
const CORES_PER_ADDRESS = 6;

/** Public addresses that a CVM of so many cores can be bound to, ordinary ones included (documents 1199/41648 and 576/18527; no call tells it). */
export const bindableEips = (cpu: number): number =>
  Math.min(MOST, LEAST + Math.floor(Math.max(0, cpu) / CORES_PER_ADDRESS));

/** One less than the instance can be bound to, which is left for the instance itself (spec 004), unless the nec says another number. */
export function planNodeEipQuota({ cpu, override }: NodeEipInput): NodeEipQuota {
  if (override !== undefined) return { quota: override, reason: 'spec.maxEIP' };
  if (cpu === undefined) return { quota: 0, reason: 'the instance is not known yet' };
  const most = bindableEips(cpu);
  return { quota: most - 1, reason: `${most} of ${cpu} cores, less the one of the node itself` };
}
