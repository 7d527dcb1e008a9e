// Brings the containers of a Pod one step on: init containers one after another, then all others, each with its own back-off.
import { errorText, TrunklineError } from '../../../src/base/errors.ts';
import { launchContainer } from './container-launch.ts';
import type { LaunchDeps } from './container-launch.ts';
import type { RunningContainer } from './container-runtime.ts';
import type { LabPod } from './pod-view.ts';
import type { ContainerSlot, PodState } from './pod-state.ts';
import { runProbes } from './prober.ts';
import { restartDelayMs, restarts, restartsInARow, retryDelayMs } from './restart-policy.ts';

export interface ContainersDeps extends LaunchDeps {
  readonly event: (pod: LabPod, type: 'Normal' | 'Warning', reason: string, message: string) => void;
  /** Something changed that the Pod's next look must see. */
  readonly wake: (uid: string) => void;
}

const START_RETRY = { firstMs: 250, maxMs: 10_000 };

/** Starts what should run. Gives the milliseconds until it wants to be called again; `undefined`: when something changes. */
export async function advanceContainers(deps: ContainersDeps, state: PodState): Promise<number | undefined> {
  for (const slot of state.init) {
    if (slot.run === undefined && slot.end?.exitCode === 0) continue;
    return advance(deps, state, slot);
  }
  const waits = await Promise.all(state.main.map((slot) => advance(deps, state, slot)));
  return earliest(waits);
}

/** The smallest of some waits. */
export function earliest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

async function advance(deps: ContainersDeps, state: PodState, slot: ContainerSlot): Promise<number | undefined> {
  const { clock } = deps;
  if (slot.run !== undefined) return undefined;
  if (slot.end !== undefined && !restarts(state.pod.spec.restartPolicy ?? 'Always', slot.end.exitCode, slot.init))
    return undefined;
  const waitMs = slot.notBeforeMs - clock.monotonicMs();
  if (waitMs > 0) {
    if (slot.end !== undefined && slot.failedStarts === 0) announceBackOff(deps, state, slot);
    return Number.isFinite(waitMs) ? waitMs : undefined;
  }
  return start(deps, state, slot);
}

async function start(deps: ContainersDeps, state: PodState, slot: ContainerSlot): Promise<number | undefined> {
  const { clock, event } = deps;
  const { sandbox, volumes } = state;
  if (sandbox === undefined || volumes === undefined) return undefined;
  try {
    const run = await launchContainer(deps, state.pod, slot.spec, slot.init, sandbox, volumes);
    if (slot.end !== undefined) {
      slot.lastEnd = slot.end;
      slot.restartCount += 1;
      delete slot.end;
    }
    delete slot.waiting;
    slot.failedStarts = 0;
    slot.run = run;
    event(state.pod, 'Normal', 'Started', `Started container ${slot.spec.name}`);
    attend(deps, state, slot, run);
    return undefined;
  } catch (error) {
    const entry = error instanceof TrunklineError ? error.entry : undefined;
    slot.failedStarts += 1;
    slot.waiting = { reason: entry?.eventReason ?? 'RunContainerError', message: errorText(error) };
    const delayMs = retryDelayMs(slot.failedStarts, START_RETRY.firstMs, START_RETRY.maxMs);
    slot.notBeforeMs = entry?.retry === 'terminal' ? Number.POSITIVE_INFINITY : clock.monotonicMs() + delayMs;
    event(state.pod, 'Warning', 'Failed', `Error: ${slot.waiting.reason}: ${slot.waiting.message}`);
    return entry?.retry === 'terminal' ? undefined : delayMs;
  }
}

/** Watches a run to its end: probes meanwhile, the slot's account afterwards. */
function attend(deps: ContainersDeps, state: PodState, slot: ContainerSlot, run: RunningContainer): void {
  const { clock, logger, wake } = deps;
  const stop = new AbortController();
  runProbes(
    { clock, target: probeTarget(deps, state, slot, run), listener: listenerOf(deps, state, slot, run) },
    slot.spec,
    stop.signal,
  ).catch((error: unknown) => {
    logger.warn(
      { pod: state.pod.metadata.name, container: slot.spec.name, error: errorText(error) },
      'probes cannot be made',
    );
    deps.event(state.pod, 'Warning', 'Unhealthy', errorText(error));
  });
  void run.ended.then((end) => {
    stop.abort(new Error('the container ended'));
    delete slot.run;
    slot.end = end;
    slot.ready = false;
    slot.started = false;
    slot.inARow = restartsInARow(slot.inARow, clock.monotonicMs() - run.startedMs);
    slot.notBeforeMs = clock.monotonicMs() + restartDelayMs(slot.inARow);
    wake(state.uid);
  });
}

function probeTarget(
  deps: ContainersDeps,
  state: PodState,
  slot: ContainerSlot,
  run: RunningContainer,
): Parameters<typeof runProbes>[0]['target'] {
  const { host, node } = deps;
  // Probes come from the node; the Pods of a super node are machines of their own and have no other node around them.
  const netns = node.kind === 'super' ? state.sandbox?.netns : node.netns;
  const podIp = state.sandbox?.ips[0] ?? '127.0.0.1';
  return { host, podIp, container: slot.spec, run, ...(netns === undefined ? {} : { netns }) };
}

function listenerOf(
  deps: ContainersDeps,
  state: PodState,
  slot: ContainerSlot,
  run: RunningContainer,
): Parameters<typeof runProbes>[0]['listener'] {
  const { event, wake } = deps;
  const set = (field: 'ready' | 'started', value: boolean): void => {
    if (slot[field] === value) return;
    slot[field] = value;
    wake(state.uid);
  };
  return {
    started: () => set('started', true),
    ready: (ready) => set('ready', ready),
    unhealthy: (kind, output) => event(state.pod, 'Warning', 'Unhealthy', `${kind} probe failed: ${output}`),
    giveUp: (kind) => {
      event(state.pod, 'Normal', 'Killing', `Container ${slot.spec.name} failed ${kind} probe, will be restarted`);
      run.stop((state.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000);
    },
  };
}

function announceBackOff({ event }: ContainersDeps, state: PodState, slot: ContainerSlot): void {
  if (slot.waiting?.reason === 'CrashLoopBackOff') return;
  const { name, uid, namespace = 'default' } = state.pod.metadata;
  const seconds = restartDelayMs(slot.inARow) / 1000;
  const what = `restarting failed container=${slot.spec.name} pod=${name}_${namespace}(${uid})`;
  slot.waiting = { reason: 'CrashLoopBackOff', message: `back-off ${seconds}s ${what}` };
  event(state.pod, 'Warning', 'BackOff', `Back-off ${what}`);
}
