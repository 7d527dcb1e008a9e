// What the node offers to Pods right now: its trunk and its ENIs, kept by the node controller and waited for by ADD.
import type { LinkDriver } from './link-driver.ts';
import type { PluggedEni } from './node-enis.ts';

/** The device of the trunk, and the driver for sub-ENIs on it. */
export interface ReadyTrunk {
  readonly device: string;
  readonly driver: LinkDriver;
}

export interface NodeOffer {
  /** Undefined while no sub-ENI can be carried. */
  readonly trunk: ReadyTrunk | undefined;
  /** ENIs whose tables are set up: trunk and shared ones, in order of index. */
  readonly enis: readonly PluggedEni[];
  /** What is missing, for people; '' when everything is there. */
  readonly message: string;
}

export interface NodeNetwork {
  readonly offer: NodeOffer;
  /** Some Pods can be connected. */
  readonly ready: boolean;
  /** Calls `fn` after each change of the offer. */
  onChange(fn: () => void): () => void;
}

export interface MutableNodeNetwork extends NodeNetwork {
  /** Wakes those who wait. */
  offerNow(offer: NodeOffer): void;
}

/** Starts with nothing. */
export function createNodeNetwork(): MutableNodeNetwork {
  let offer: NodeOffer = { trunk: undefined, enis: [], message: 'the agent has not looked at the node yet' };
  const listeners = new Set<() => void>();
  const onChange = (fn: () => void): (() => void) => {
    // A function of its own for each caller: the same one may be given twice.
    const own = (): void => fn();
    listeners.add(own);
    return () => listeners.delete(own);
  };
  return {
    get offer() {
      return offer;
    },
    get ready() {
      return offer.trunk !== undefined || offer.enis.length > 0;
    },
    onChange,
    offerNow: (now) => {
      offer = now;
      for (const tell of listeners) tell();
    },
  };
}
