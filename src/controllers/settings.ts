// The add-on values in force: the last good ones, told to whoever depends on them when they change.
import type { AddonValues } from '../api/addon-values.ts';

export interface Settings {
  current(): AddonValues;
  /** Tells every listener when something differs. */
  set(values: AddonValues): void;
  onChange(listener: () => void): () => void;
  /** Why calls of this kind are held back now (`paused`, DESIGN decision 8); nothing while they may be made. */
  held(kind: 'create' | 'delete'): string | undefined;
}

/** `initial` is in force until the first `set`. */
export function createSettings(initial: AddonValues): Settings {
  const state = { values: initial };
  const listeners = new Set<() => void>();
  return {
    current: () => state.values,
    set: (values) => {
      if (JSON.stringify(values) === JSON.stringify(state.values)) return;
      state.values = values;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    held: (kind) => {
      const { paused } = state.values;
      const stops = paused === 'all' || (paused === 'deletes' && kind === 'delete');
      return stops ? `add-on value paused is "${paused}"` : undefined;
    },
  };
}
