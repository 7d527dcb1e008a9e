// What only this process knows of the shared addresses of nodes and their ENIs; never a source of truth.
import type { Eni } from '../../../cloud/vpc-cloud.ts';

/** What the cloud showed of an ENI, and `pool.generation` when it was asked. */
export interface Seen {
  readonly generation: number;
  /** Secondary ones. */
  readonly addresses: readonly { readonly ip: string; readonly settled: boolean }[];
}

export interface EniMemory {
  /** Absent in doubt: a new process, or a call whose outcome is open. */
  seen: Seen | undefined;
  /** `pool.generation` when the look that is under way began, and when that was. */
  looking: { readonly generation: number; readonly sinceMs: number } | undefined;
  /** A call was sent, and the cloud has not been seen done with it. */
  callOpen: boolean;
  /** Answered by the cloud and not seen yet; kept for a while, since a describe may be behind. */
  arriving: ReadonlySet<string>;
  arrivingSinceMs: number;
  /** An assigning call got no answer, and nothing of it was seen since: the same call may be sent again. */
  unanswered: boolean;
  /** No call and no look before this, after one whose outcome is open. */
  notBeforeMs: number;
  /** Addresses on it do not settle: nothing more is bound to it. */
  stuck: boolean;
}

export interface NodeMemory {
  /** When the surplus was last reduced, as `planPoolTarget` says. */
  lastReleaseMs: number | undefined;
  /** After a refusal that will not change by itself, nothing is bound before this. */
  blockedUntilMs: number;
  /** What the refusal was. */
  blocked: { readonly reason: string; readonly message: string } | undefined;
  /** When the figures of the status were last written. */
  toldMs: number;
}

export interface PoolMemory {
  /** By UID of the VpcENI. */
  eni(uid: string): EniMemory;
  node(name: string): NodeMemory;
  forgetEni(uid: string): void;
  forgetNode(name: string): void;
}

/** Empty: everything is in doubt. */
export function createPoolMemory(): PoolMemory {
  const enis = new Map<string, EniMemory>();
  const nodes = new Map<string, NodeMemory>();
  return {
    eni: (uid) => {
      const known = enis.get(uid) ?? newEni();
      enis.set(uid, known);
      return known;
    },
    node: (name) => {
      const known = nodes.get(name) ?? newNode();
      nodes.set(name, known);
      return known;
    },
    forgetEni: (uid) => void enis.delete(uid),
    forgetNode: (name) => void nodes.delete(name),
  };
}

const newEni = (): EniMemory => ({
  seen: undefined,
  looking: undefined,
  callOpen: false,
  arriving: new Set(),
  arrivingSinceMs: 0,
  unanswered: false,
  notBeforeMs: 0,
  stuck: false,
});

const newNode = (): NodeMemory => ({
  lastReleaseMs: undefined,
  blockedUntilMs: 0,
  blocked: undefined,
  toldMs: Number.NEGATIVE_INFINITY,
});

/** The secondary addresses of an ENI as the cloud shows it. */
export const secondaryOf = (eni: Eni): Seen['addresses'] =>
  eni.addresses.filter((address) => !address.primary).map(({ ip, settled }) => ({ ip, settled }));
