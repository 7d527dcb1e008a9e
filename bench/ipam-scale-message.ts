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

/** An ENI that is to be there from the start, on an instance. */
export interface WantedEni {
  readonly name: string;
  readonly instanceId: string;
  readonly subnetId: string;
  /** The primary one included. */
  readonly addresses: number;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** As the cloud made it; the first address is the primary one. */
export interface MadeEni {
  readonly eniId: string;
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly subnetId: string;
  readonly cidr: string;
  readonly gateway: string;
}

/** What the cloud's process is asked: the calls since an entry of its log, or to make ENIs. */
export type CloudQuestion = { readonly callsFrom: number } | { readonly make: readonly WantedEni[] };

/** Of ipamd's process, every second. */
export interface ProcessSample {
  /** Seconds of CPU since it started. */
  readonly cpuS: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Pages of the heap, and what lies outside it. */
  readonly heapTotal: number;
  readonly external: number;
  /** Of the event loop's stalls since the former sample, in milliseconds. */
  readonly stalls: readonly number[];
}
