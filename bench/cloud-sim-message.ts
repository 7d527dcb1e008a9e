// What a server under measurement tells the benchmark of the simulated cloud once it is loaded.

/** The subnet that all loaded ENIs are in. */
export const BENCH_SUBNET = 'subnet-bench001';

export interface SimChild {
  readonly port: number;
  readonly secretId: string;
  readonly secretKey: string;
  /** An ENI in the middle of those loaded. */
  readonly eniId: string;
  /** How many are loaded. */
  readonly enis: number;
  /** Resident, in bytes, once everything is loaded. */
  readonly rss: number;
}
