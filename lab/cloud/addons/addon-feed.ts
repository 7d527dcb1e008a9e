// Tells whoever listens what changed in a cluster: the values that an add-on runs with, its VPC-CNI network.
import type { AddonValues } from './addon-state.ts';

/** `values` are the effective ones: the defaults under what was written; undefined: the add-on is gone. */
export type AddonValuesListener = (clusterId: string, addon: string, values: AddonValues | undefined) => void;

/** Undefined: it was switched off. */
export type ClusterNetworkListener = (clusterId: string, network: ClusterNetwork | undefined) => void;

export interface ClusterNetwork {
  /** All of them, in the order in which they were given. */
  readonly subnetIds: readonly string[];
  /** How long a kept address outlives its Pod; undefined: for ever. */
  readonly expiredSeconds: number | undefined;
}

export interface Feed<Told extends readonly unknown[]> {
  /** Called for every later change, in order. Returns the way to stop. */
  on(listener: (...told: Told) => void): () => void;
  tell(...told: Told): void;
}

/** Values are told when the task that changes them ends well. */
export type AddonFeed = Feed<Parameters<AddonValuesListener>>;
export type ClusterNetworkFeed = Feed<Parameters<ClusterNetworkListener>>;

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
