// The VPC as a router: takes the cloud's snapshots, builds ports and filters, and says when packets obey.
import type { Clock } from '../../src/base/clock.ts';
import { errorText, TrunklineError } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { FabricSink, FabricSnapshot } from '../cloud/read-model.ts';
import type { LabHost } from '../host/types.ts';
import { createApplier, FABRIC_NETNS } from './applier.ts';
import { FABRIC_ERRORS } from './errors.ts';
import { INTERNET_NETNS } from './internet.ts';
import { createWaiters } from './waiters.ts';

/**
 * Level-triggered: one loop compares the last snapshot and the registered instances with what it has built, and
 * changes that come while it works are taken together by its next round.
 */
export interface Fabric extends FabricSink {
  /** Version of the last snapshot that the kernel agrees with; -1 before the first. */
  readonly version: number;
  /**
   * Connects an instance's ENIs, now and later, to the namespace, which must exist and belong to the caller. Resolves
   * when those of the last snapshot are connected. A Pod of a super node is an instance whose namespace is the Pod's.
   */
  registerInstance(instanceId: string, options: { readonly netns: string }): Promise<void>;
  /** Takes its devices away; call it before the namespace is deleted. */
  unregisterInstance(instanceId: string): Promise<void>;
  /** No packet comes from the instance or reaches it, until `false` is said. Resolves when packets obey. */
  setCut(instanceId: string, cut: boolean): Promise<void>;
  /** Stops and removes the router with all its links. Waiting calls reject with `FABRIC-CLOSED`. Idempotent. */
  close(): Promise<void>;
}

const EMPTY: FabricSnapshot = { version: -1, enis: [], securityGroups: [] };
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
/** So many failures in a row, and who waits is told; trying goes on. */
const PATIENCE = 5;

/** Makes nothing before the first snapshot or registration. */
export function createFabric({
  host,
  clock,
  logger,
  internet,
}: {
  readonly host: LabHost;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told the namespace of the internet's one host as soon as something leads there, before it can be reached. */
  readonly internet?: (netns: string) => Promise<void>;
}): Fabric {
  const applier = createApplier({ host, logger, ...(internet === undefined ? {} : { internet }) });
  const instances = new Map<string, string>();
  const cut = new Set<string>();
  const waiters = createWaiters();
  const closing = new AbortController();
  let snapshot = EMPTY;
  let version = EMPTY.version;
  let revision = 0;
  let applied = 0;
  let failures = 0;
  let wake: AbortController | undefined;
  let loop: Promise<void> | undefined;

  const touch = (): number => {
    revision += 1;
    wake?.abort();
    loop ??= run().finally(() => {
      loop = undefined;
    });
    return revision;
  };

  const run = async (): Promise<void> => {
    // One turn later, so that a burst of calls is one round.
    await Promise.resolve();
    while (applied < revision && !closing.signal.aborted) await round();
  };

  const round = async (): Promise<void> => {
    const target = revision;
    const taken = snapshot;
    try {
      await applier.apply(taken, new Map(instances), new Set(cut));
      failures = 0;
      applied = target;
      version = taken.version;
      waiters.reached({ revision: target, version });
    } catch (error) {
      await afterFailure(error, target, taken.version);
    }
  };

  const afterFailure = async (error: unknown, target: number, failedVersion: number): Promise<void> => {
    failures += 1;
    const terminal = error instanceof TrunklineError && error.retry === 'terminal';
    logger.warn({ error: errorText(error), failures, version: failedVersion, terminal }, 'fabric change failed');
    if (terminal || failures >= PATIENCE) waiters.failed({ revision: target, version: failedVersion }, error);
    if (closing.signal.aborted || revision > target) return;
    wake = new AbortController();
    // Bad input stays bad: only a change helps. Anything else is worth another try.
    const pause = terminal ? forever(wake.signal) : clock.sleep(retryMs(failures), wake.signal);
    await pause.catch(() => undefined);
    wake = undefined;
  };

  const submit = async (): Promise<void> => {
    if (closing.signal.aborted) throw closed();
    await waiters.forRevision(touch());
  };

  return {
    get version() {
      return version;
    },

    changed: (next) => {
      if (closing.signal.aborted || next.version < snapshot.version) return;
      snapshot = next;
      waiters.forgive();
      touch();
    },

    settled: async (wanted) => {
      if (closing.signal.aborted) throw closed();
      if (version < wanted) await waiters.forVersion(wanted);
    },

    registerInstance: async (instanceId, { netns }) => {
      instances.set(instanceId, netns);
      await submit();
    },

    unregisterInstance: async (instanceId) => {
      cut.delete(instanceId);
      if (instances.delete(instanceId)) await submit();
    },

    setCut: async (instanceId, wanted) => {
      if (wanted) cut.add(instanceId);
      else cut.delete(instanceId);
      await submit();
    },

    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      wake?.abort();
      waiters.failAll(closed());
      await loop;
      // Fails when nothing was ever built, or when the host went first and took everything along.
      await Promise.allSettled([FABRIC_NETNS, INTERNET_NETNS].map((netns) => host.deleteNetns(netns)));
    },
  };
}

function retryMs(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
}

async function forever(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function closed(): TrunklineError {
  return new TrunklineError(FABRIC_ERRORS.closed, 'the fabric is closed');
}
