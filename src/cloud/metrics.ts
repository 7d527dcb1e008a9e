// What the cloud adapter counts; the program that composes it turns this into metrics.
import type { CallPriority } from './vpc-cloud.ts';

export interface CloudMetrics {
  /** One request ended; `outcome` is `ok` or a catalogue code. */
  called(action: string, outcome: string, seconds: number): void;
  /** One request waited this long for its budget. */
  waited(action: string, priority: CallPriority, seconds: number): void;
  /** The budget of an action now allows this many calls per second. */
  limited(action: string, perSecond: number): void;
}

/** Counts nothing. */
export const noCloudMetrics: CloudMetrics = {
  called: () => undefined,
  waited: () => undefined,
  limited: () => undefined,
};
