// What the processes of the benchmark ipam-scale tell each other.
import type { CloudAccess } from '../lab/cloud-client.ts';

export const SCALE_VPC = 'vpc-scale001';
/** Container subnets, one for each zone. */
export const SCALE_SUBNETS = ['subnet-scale000', 'subnet-scale001'] as const;

/** Of the CVMs: one ENI has room for the Pods of its node and the warm addresses. */
export const SCALE_MODEL = 'SA5.4XLARGE64';

export type ScaleCloud = CloudAccess;

/** Calls since an entry of the request log. */
export interface CallCounts {
  readonly all: number;
  readonly mutating: number;
  readonly byAction: Readonly<Record<string, number>>;
  /** Entries so far, to count from later. */
  readonly until: number;
}

/** Of ipamd's process, every second. */
export interface ProcessSample {
  /** Seconds of CPU since it started. */
  readonly cpuS: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Of the event loop's stalls since the former sample, in milliseconds. */
  readonly stalls: readonly number[];
}
