// One candidate's hold on a Lease: try to get it, renew it, give it back, and know since when and from when it counts.
import type { Clock } from '../base/clock.ts';
import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import { type Candidate, durationOf, heldBy, holderOf, newLease, released } from './lease-record.ts';
import { type Lease, leases } from './resources.ts';
import type { KubeClient } from './types.ts';

export interface LeaseHold {
  /** One try. True when the record names us now. Throws ApiError when the server cannot be asked. */
  tryAcquire(signal: AbortSignal): Promise<boolean>;
  /** One try. `taken`: the record names another. `contended`: someone wrote at the same moment; try again. Throws as above. */
  renew(signal: AbortSignal): Promise<'renewed' | 'taken' | 'contended'>;
  /** Takes our name out of the record. */
  release(signal: AbortSignal): Promise<void>;
  /** Monotonic moment before our last successful write was sent: our hold counts from there. */
  readonly renewedAtMs: number | undefined;
  /** Monotonic moment at which the last call of a former holder that did not release must have ended; in the past when there was none. */
  readonly safeAtMs: number;
}

export interface LeaseHoldOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly clock: Clock;
  readonly candidate: Candidate;
  readonly callTimeoutMs: number;
}

interface Others {
  /** Absent once the record was deleted. */
  readonly version: string | undefined;
  readonly durationMs: number;
  readonly expiresAtMs: number;
}

/** Knows nothing at first: a record met then counts from that moment, however old its own timestamps say it is. */
export function createLeaseHold({ client, clock, candidate, callTimeoutMs }: LeaseHoldOptions): LeaseHold {
  /** The last record seen in another's hands, and when its holder's belief in it ends. */
  let others: Others | undefined;
  let ours: { readonly lease: Lease; readonly renewedAtMs: number } | undefined;
  let wroteOnce = false;
  let safeAtMs = Number.NEGATIVE_INFINITY;

  const read = async (signal: AbortSignal): Promise<Lease | undefined> => {
    try {
      return await client.get(leases, candidate.name, { namespace: candidate.namespace, signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };
  // The server's lock decides between candidates. False when another was faster.
  const write = async (lease: Lease | undefined, signal: AbortSignal): Promise<boolean> => {
    const sentAtMs = clock.monotonicMs();
    wroteOnce = true;
    try {
      const stored =
        lease === undefined
          ? await client.create(leases, newLease(candidate, clock.now()), { signal })
          : await client.replace(leases, heldBy(lease, candidate, clock.now()), { signal });
      // An answer after the wait was given up must not undo what was learnt since.
      signal.throwIfAborted();
      ours = { lease: stored, renewedAtMs: sentAtMs };
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) return false;
      throw error;
    }
  };
  // Our own name counts only after a write of this process: with a fixed identity, our former life may still have a call under way.
  const isOurs = (lease: Lease): boolean => wroteOnce && holderOf(lease) === candidate.identity;

  const observe = (lease: Lease | undefined): void => {
    if (lease !== undefined && isOurs(lease)) return;
    if (lease !== undefined && holderOf(lease) === undefined) {
      others = undefined;
      return;
    }
    // A record deleted by hand releases nobody: its holder may have renewed until just now, and believes in it until it expires.
    const durationMs = lease === undefined ? others?.durationMs : durationOf(lease, candidate);
    const version = lease?.metadata.resourceVersion;
    if (durationMs === undefined) return;
    if (others === undefined || others.version !== version)
      others = { version, durationMs, expiresAtMs: clock.monotonicMs() + durationMs };
  };
  return {
    tryAcquire: async (signal) => {
      const lease = await read(signal);
      observe(lease);
      if (others !== undefined) {
        if (clock.monotonicMs() < others.expiresAtMs) return false;
        // `others` is kept also when the answer to the write is lost and only the next read shows that it arrived.
        safeAtMs = others.expiresAtMs + callTimeoutMs;
      }
      return await write(lease, signal);
    },
    renew: async (signal) => {
      if (await write(ours?.lease, signal)) return 'renewed';
      // Someone touched the record, or our last write arrived although its answer did not.
      const lease = await read(signal);
      const holder = lease === undefined ? undefined : holderOf(lease);
      if (holder !== undefined && holder !== candidate.identity) return 'taken';
      return (await write(lease, signal)) ? 'renewed' : 'contended';
    },
    release: async (signal) => {
      if (ours === undefined) return;
      const { lease } = ours;
      ours = undefined;
      try {
        await client.replace(leases, released(lease, clock.now()), { signal });
      } catch (error) {
        if (!isConflict(error)) throw error;
        // A renewal that was broken off by the stop may have arrived.
        const newer = await read(signal);
        if (newer !== undefined && isOurs(newer))
          await client.replace(leases, released(newer, clock.now()), { signal });
      }
    },
    get renewedAtMs() {
      return ours?.renewedAtMs;
    },
    get safeAtMs() {
      return safeAtMs;
    },
  };
}
