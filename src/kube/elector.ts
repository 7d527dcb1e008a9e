// Leader election over a Lease, with fencing: who may mutate the cloud, judged by our own monotonic clock alone.
import type { Clock } from '../base/clock.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { abortable, pause, withinTime } from './abortable.ts';
import { kubeErrors } from './kube-errors.ts';
import { createLeaseHold, type LeaseHold } from './lease-hold.ts';
import type { Elector, KubeClient } from './types.ts';

export interface ElectorOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Unique to this process, `host_uuid`: a restarted process is another candidate. */
  readonly identity: string;
  readonly name: string;
  /** Default `kube-system`. */
  readonly namespace?: string;
  /** The longest cloud call of the program: a leader that took over waits this much longer, so that the old leader's last call has ended. */
  readonly callTimeoutMs: number;
  /** Default 15 s. */
  readonly leaseDurationMs?: number;
  /** Gives up when not renewed for this long; default 10 s. Must be below the lease duration. */
  readonly renewDeadlineMs?: number;
  /** Between two tries; default 2 s. */
  readonly retryPeriodMs?: number;
}

/**
 * See `Elector` for the contract (DESIGN, expensive decision 4). Expiry of another's lease counts from the moment we saw it change; validity of
 * our own from before the write that renewed it was sent. A leader that took the lease over from a holder that did not release it acquires only
 * once that holder's lease duration and the call time-out have passed since its last renewal that we saw; a lease that was absent or released
 * is acquired at once. `run` resolves when `signal` aborts (the lease is released then) and rejects with KUBE-LEADERSHIP-LOST; it may be called
 * once, and a lost elector is not used again.
 */
export function createElector(options: ElectorOptions): Elector {
  const { clock, logger, identity } = options;
  const timing = timingOf(options);
  const hold = createLeaseHold({
    client: options.client,
    clock,
    candidate: {
      identity,
      name: options.name,
      namespace: options.namespace ?? 'kube-system',
      leaseDurationMs: timing.leaseDurationMs,
    },
    callTimeoutMs: options.callTimeoutMs,
  });
  const deps: Deps = { clock, logger, hold, timing };
  const lost = new AbortController();
  const acquired = Promise.withResolvers<void>();
  // Nobody need wait for leadership; its loss is told by `run` and `lost` as well.
  acquired.promise.catch(() => undefined);
  let started = false;
  let mayMutate = false;

  const openFence = (): (() => void) => {
    const open = (): void => {
      mayMutate = true;
      acquired.resolve();
    };
    const waitMs = hold.safeAtMs - clock.monotonicMs();
    if (waitMs <= 0) {
      open();
      return () => undefined;
    }
    logger.info({ waitMs: Math.ceil(waitMs) }, 'leadership begins once the last call of the former leader has ended');
    return clock.after(waitMs, open);
  };
  return {
    identity,
    lost: lost.signal,
    acquired: (signal) => abortable(acquired.promise, signal),
    holds: (marginMs) =>
      mayMutate &&
      hold.renewedAtMs !== undefined &&
      clock.monotonicMs() + marginMs < hold.renewedAtMs + timing.leaseDurationMs,
    run: async (signal) => {
      if (started) throw new Error(`the elector of ${options.name} was started twice`);
      started = true;
      if (!(await campaign(deps, signal))) return;
      logger.info({ identity }, 'lease acquired');
      const cancelFence = openFence();
      try {
        await lead(deps, signal);
      } catch (error) {
        lost.abort(error);
        acquired.reject(error);
        throw error;
      } finally {
        cancelFence();
        mayMutate = false;
      }
      await release(deps);
    },
  };
}

interface Timing {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** Of one read or write of the lease: half the deadline, so that one that hangs leaves time for another. */
  readonly callMs: number;
}

interface Deps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hold: LeaseHold;
  readonly timing: Timing;
}

function timingOf({
  leaseDurationMs = 15_000,
  renewDeadlineMs = 10_000,
  retryPeriodMs = 2_000,
}: Pick<ElectorOptions, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs'>): Timing {
  if (renewDeadlineMs >= leaseDurationMs)
    throw new RangeError(
      `renewDeadlineMs is ${renewDeadlineMs}: expected less than leaseDurationMs, ${leaseDurationMs}`,
    );
  return { leaseDurationMs, renewDeadlineMs, retryPeriodMs, callMs: renewDeadlineMs / 2 };
}

/** True once the lease is ours; false when `signal` aborted first. */
async function campaign({ clock, logger, hold, timing }: Deps, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      if (await withinTime(clock, timing.callMs, signal, (limit) => hold.tryAcquire(limit))) return true;
    } catch (error) {
      if (!signal.aborted)
        logger.warn({ error: errorText(error) }, 'lease cannot be read or written; it is tried again');
    }
    await pause(clock, timing.retryPeriodMs, signal);
  }
  return false;
}

/** Renews until `signal` aborts; rejects when leadership is lost. */
async function lead({ clock, logger, hold, timing }: Deps, signal: AbortSignal): Promise<void> {
  const leftMs = (): number => (hold.renewedAtMs ?? 0) + timing.renewDeadlineMs - clock.monotonicMs();
  while (!signal.aborted) {
    await pause(clock, Math.min(timing.retryPeriodMs, Math.max(0, leftMs())), signal);
    if (signal.aborted) return;
    if (leftMs() <= 0) throw leadershipLost(`the lease was not renewed for ${timing.renewDeadlineMs} ms`);
    try {
      const outcome = await withinTime(clock, Math.min(timing.callMs, leftMs()), signal, (limit) => hold.renew(limit));
      if (outcome === 'taken') throw leadershipLost('another process holds the lease');
    } catch (error) {
      if (error instanceof TrunklineError && error.entry === kubeErrors.leadershipLost) throw error;
      if (!signal.aborted) logger.warn({ error: errorText(error) }, 'lease could not be renewed; it is tried again');
    }
  }
}

async function release({ clock, logger, hold, timing }: Deps): Promise<void> {
  try {
    await withinTime(clock, timing.callMs, undefined, (limit) => hold.release(limit));
    logger.info({}, 'lease released');
  } catch (error) {
    logger.warn({ error: errorText(error) }, 'lease could not be released; it expires by itself');
  }
}

function leadershipLost(why: string): TrunklineError {
  return new TrunklineError(kubeErrors.leadershipLost, `leadership was lost: ${why}`);
}
