// Tells whoever listens which values an add-on of a cluster runs with from now on.
import type { AddonValues } from './addon-state.ts';

/** `values` are the effective ones: the defaults under what was written; undefined: the add-on is gone. */
export type AddonValuesListener = (clusterId: string, addon: string, values: AddonValues | undefined) => void;

export interface AddonFeed {
  /** Called for every later change, when its task ends well. Returns the way to stop. */
  on(listener: AddonValuesListener): () => void;
  tell: AddonValuesListener;
}

/** Nobody listens yet. */
export function createAddonFeed(): AddonFeed {
  const listeners = new Set<AddonValuesListener>();
  return {
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (clusterId, addon, values) => {
      for (const listener of listeners) listener(clusterId, addon, values);
    },
  };
}
