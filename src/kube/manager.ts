// The order in which the parts of a program start and stop.
import type { Clock } from '../base/clock.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { kubeErrors } from './kube-errors.ts';
import type { Controller, Elector, Informer } from './types.ts';

/** Something that serves until its signal aborts: webhook, health, metrics. */
export interface ManagedServer {
  readonly name: string;
  /** Resolves when it has stopped; rejects when it cannot serve. */
  run(signal: AbortSignal): Promise<void>;
  /** `at-start`: before the informers (health must answer while they sync). Default `synced`: after them. Never waits for leadership. */
  readonly when?: 'at-start' | 'synced';
}

export interface ManagerOptions {
  readonly informers: readonly Pick<Informer<unknown>, 'resource' | 'run' | 'synced'>[];
  readonly controllers: readonly Pick<Controller, 'name' | 'run'>[];
  /** Absent: controllers start once the informers are synced. */
  readonly elector?: Pick<Elector, 'acquired' | 'lost' | 'run'>;
  readonly servers?: readonly ManagedServer[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends everything in order. */
  readonly signal: AbortSignal;
  /** For the whole way down; default 20 s, below the 30 s that a Pod is given. */
  readonly shutdownBudgetMs?: number;
}

/**
 * Starts servers marked `at-start`, informers, waits until they are synced, then the other servers, then stands for election, then, as leader,
 * runs the controllers. When `signal` aborts, everything ends in the reverse order and the promise resolves. Rejects, after the same way down,
 * with KUBE-LEADERSHIP-LOST when leadership was lost, or with KUBE-PART-STOPPED when a part ended by itself; the caller then ends the process.
 * Controllers that do not end within the budget keep the lease: it is left to expire rather than released under their hands.
 */
export async function runManager(options: ManagerOptions): Promise<void> {
  const { elector, logger, signal } = options;
  const program = createProgram(options);
  const servers = options.servers ?? [];
  try {
    program.start('early servers', servers.filter((server) => server.when === 'at-start').map(named('server')));
    program.start(
      'informers',
      options.informers.map((informer) => ({
        name: `informer ${informer.resource.plural}`,
        run: (stop) => informer.run(stop),
      })),
    );
    await program.until(Promise.all(options.informers.map((informer) => informer.synced)));
    logger.info({ informers: options.informers.length }, 'informers are synced');
    program.start('servers', servers.filter((server) => server.when !== 'at-start').map(named('server')));
    if (elector !== undefined) await standForElection(program, elector, signal, logger);
    program.start('controllers', options.controllers.map(named('controller')));
    await program.until(new Promise<never>(() => undefined));
  } catch (error) {
    // The way down is the same for an order to stop and for a failure; only the outcome differs.
    if (!(error instanceof StopOrdered)) {
      logger.error({ error: errorText(error) }, 'program ends');
      await program.stop();
      throw error;
    }
  }
  await program.stop();
}

async function standForElection(
  program: Program,
  elector: Pick<Elector, 'acquired' | 'lost' | 'run'>,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  elector.lost.addEventListener('abort', () => program.fail(asError(elector.lost.reason)), { once: true });
  program.start('elector', [{ name: 'elector', run: (stop) => elector.run(stop) }]);
  await program.until(elector.acquired(signal));
  logger.info({}, 'leadership acquired');
}

/** Ends the way up when an order to stop arrives. Never leaves this file. */
class StopOrdered extends Error {}

interface Part {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

interface Stage {
  readonly name: string;
  readonly stop: AbortController;
  readonly running: Set<string>;
  readonly ended: Promise<unknown>;
}

interface Program {
  start(stage: string, parts: readonly Part[]): void;
  /** The promise's value, unless an order to stop (StopOrdered) or a failure (its error) comes first. */
  until<T>(promise: Promise<T>): Promise<T>;
  fail(error: Error): void;
  /** Stops the stages, the last started first. */
  stop(): Promise<void>;
}

const DEFAULT_BUDGET_MS = 20_000;

function createProgram({ clock, logger, signal, shutdownBudgetMs = DEFAULT_BUDGET_MS }: ManagerOptions): Program {
  const stages: Stage[] = [];
  const halt = Promise.withResolvers<never>();
  halt.promise.catch(() => undefined);
  const onAbort = (): void => halt.reject(new StopOrdered());
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });

  const supervise = async (part: Part, stop: AbortSignal, running: Set<string>): Promise<void> => {
    running.add(part.name);
    try {
      await part.run(stop);
      if (!stop.aborted) halt.reject(partStopped(part.name, 'it returned'));
    } catch (error) {
      if (!stop.aborted)
        halt.reject(error instanceof TrunklineError ? error : partStopped(part.name, errorText(error), error));
      else logger.debug({ part: part.name, error: errorText(error) }, 'part ended with an error while stopping');
    } finally {
      running.delete(part.name);
    }
  };
  return {
    start: (name, parts) => {
      const stop = new AbortController();
      const running = new Set<string>();
      stages.push({
        name,
        stop,
        running,
        ended: Promise.all(parts.map((part) => supervise(part, stop.signal, running))),
      });
    },
    until: (promise) => Promise.race([promise, halt.promise]),
    fail: (error) => halt.reject(error),
    stop: async () => {
      signal.removeEventListener('abort', onAbort);
      const deadlineMs = clock.monotonicMs() + shutdownBudgetMs;
      let controllersRun = false;
      for (const stage of stages.toReversed()) {
        if (stage.name === 'elector' && controllersRun) {
          logger.warn({}, 'lease is left to expire because controllers still run');
          continue;
        }
        stage.stop.abort(new StopOrdered('the program stops'));
        const inTime = await within(clock, stage.ended, deadlineMs - clock.monotonicMs());
        if (inTime) continue;
        logger.warn(
          { stage: stage.name, running: [...stage.running] },
          'parts did not stop within the shutdown budget',
        );
        if (stage.name === 'controllers') controllersRun = true;
      }
    },
  };
}

/** True when the promise settled within `ms`. */
async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const cancel = clock.after(Math.max(0, ms), () => late.resolve(false));
  const settled = promise.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, late.promise]);
  cancel();
  return result;
}

function named(kind: string): (part: Part) => Part {
  return (part) => ({ name: `${kind} ${part.name}`, run: (signal) => part.run(signal) });
}

function partStopped(name: string, why: string, cause?: unknown): TrunklineError {
  return new TrunklineError(kubeErrors.partStopped, `${name} ended by itself: ${why}`, { cause });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new TrunklineError(kubeErrors.leadershipLost, 'leadership was lost');
}
