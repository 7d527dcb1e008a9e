// Tells whoever listens what changed in a cluster: the values that an add-on runs with, the subnets of its VPC-CNI network.
import type { AddonValues } from './addon-state.ts';

/** `values` are the effective ones: the defaults under what was written; undefined: the add-on is gone. */
export type AddonValuesListener = (clusterId: string, addon: string, values: AddonValues | undefined) => void;

/** `subnetIds` are all of them, in the order in which they were given. */
export type ClusterSubnetsListener = (clusterId: string, subnetIds: readonly string[]) => void;

export interface Feed<Told extends readonly unknown[]> {
  /** Called for every later change, in order. Returns the way to stop. */
  on(listener: (...told: Told) => void): () => void;
  tell(...told: Told): void;
}

/** Values are told when the task that changes them ends well. */
export type AddonFeed = Feed<Parameters<AddonValuesListener>>;
export type ClusterSubnetsFeed = Feed<Parameters<ClusterSubnetsListener>>;

/** Nobody listens yet. */
export function createFeed<Told extends readonly unknown[]>(): Feed<Told> {
  const listeners = new Set<(...told: Told) => void>();
  return {
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (...told) => {
      for (const listener of listeners) listener(...told);
    },
  };
}
