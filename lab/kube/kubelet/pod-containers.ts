// Brings the containers of a Pod one step on: init containers one after another, of which sidecars stay, then all others, each with its own back-off.
import { errorText } from '../../../src/base/errors.ts';
import { launchContainer } from './container-launch.ts';
import { countRestart, noteEnd, refused } from './container-refusal.ts';
import { createTermination } from './container-termination.ts';
import { goDuration } from './go-duration.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { HookTarget } from './lifecycle-hooks.ts';
import type { LaunchDeps } from './container-launch.ts';
import type { RunningContainer } from './container-runtime.ts';
import { kindOf } from './pod-state.ts';
import type { ContainerSlot, PodState } from './pod-state.ts';
import { runProbes } from './prober.ts';
import { restartDelayMs, restartsIn } from './restart-policy.ts';

export interface ContainersDeps extends LaunchDeps {
  /** Something changed that the Pod's next look must see. */
  readonly wake: (uid: string) => void;
}

/** Starts what should run. Gives the milliseconds until it wants to be called again; `undefined`: when something changes. */
export async function advanceContainers(deps: ContainersDeps, state: PodState): Promise<number | undefined> {
  const waits: (number | undefined)[] = [];
  const hasBegun = state.main.some((slot) => slot.run !== undefined || slot.end !== undefined);
  for (const slot of state.init) {
    if (kindOf(slot) === 'sidecar') {
      waits.push(await advance(deps, state, slot));
      if (slot.started || hasBegun) continue;
      return earliest(waits);
    }
    if (slot.run === undefined && slot.end?.exitCode === 0) continue;
    return earliest([...waits, await advance(deps, state, slot)]);
  }
  waits.push(...(await Promise.all(state.main.map((slot) => advance(deps, state, slot)))));
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
  const policy = state.pod.spec.restartPolicy ?? 'Always';
  if (slot.end !== undefined && !restartsIn(policy, slot.end.exitCode, kindOf(slot))) return undefined;
  const waitMs = slot.notBeforeMs - clock.monotonicMs();
  if (waitMs > 0) {
    if (slot.end !== undefined && slot.failedStarts === 0) announceBackOff(deps, state, slot);
    return Number.isFinite(waitMs) ? waitMs : undefined;
  }
  return start(deps, state, slot);
}

async function start(deps: ContainersDeps, state: PodState, slot: ContainerSlot): Promise<number | undefined> {
  const { event } = deps;
  const { sandbox, volumes } = state;
  if (sandbox === undefined || volumes === undefined) return undefined;
  try {
    const run = await launchContainer(deps, state.pod, slot.spec, sandbox, volumes);
    countRestart(slot);
    delete slot.waiting;
    slot.failedStarts = 0;
    slot.run = run;
    delete slot.termination;
    event(state.pod, 'Normal', 'Started', `Started container ${slot.spec.name}`);
    attend(deps, state, slot, run);
    return undefined;
  } catch (error) {
    return refused(deps, state, slot, error);
  }
}

/** Watches a run to its end: postStart hook and probes meanwhile, the slot's account afterwards. */
function attend(deps: ContainersDeps, state: PodState, slot: ContainerSlot, run: RunningContainer): void {
  const { clock, logger, wake } = deps;
  const stop = new AbortController();
  const target = hookTarget(deps, state, slot, run);
  slot.hooking = slot.spec.lifecycle?.postStart !== undefined;
  const probed = async (): Promise<void> => {
    if (slot.hooking && !(await postStart(deps, state, slot, target, stop.signal))) return;
    await runProbes({ clock, target, listener: listenerOf(deps, state, slot) }, slot.spec, stop.signal);
  };
  probed().catch((error: unknown) => {
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
    slot.hooking = false;
    slot.ready = false;
    slot.started = false;
    noteEnd(deps, slot, clock.monotonicMs() - run.startedMs);
    wake(state.uid);
  });
}

/** False when the hook failed, and with it the run. */
async function postStart(
  deps: ContainersDeps,
  state: PodState,
  slot: ContainerSlot,
  target: HookTarget,
  ended: AbortSignal,
): Promise<boolean> {
  const handler = slot.spec.lifecycle?.postStart ?? {};
  try {
    await runHook(target, handler, POST_START_LIMIT_MS);
  } catch (error) {
    // A container that ends while its hook runs takes the hook along.
    if (ended.aborted) return false;
    deps.logger.info({ pod: state.pod.metadata.name, error: errorText(error) }, 'postStart hook failed');
    deps.event(state.pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
    deps.event(state.pod, 'Normal', 'Killing', 'FailedPostStartHook');
    stopContainer(deps, state, slot, graceOf(state));
    return false;
  }
  if (ended.aborted) return false;
  slot.hooking = false;
  deps.wake(state.uid);
  return true;
}

/** A kubelet waits for a postStart hook as long as it takes; nothing of the lab waits longer than a day. */
const POST_START_LIMIT_MS = 86_400_000;

/** Asks a running container to end: its preStop hook first, the whole within `graceMs`. A later call can only shorten the time. */
export function stopContainer(deps: ContainersDeps, state: PodState, slot: ContainerSlot, graceMs: number): void {
  const { run, spec } = slot;
  if (run === undefined) return;
  const handler = spec.lifecycle?.preStop;
  const preStop =
    handler &&
    ((timeoutMs: number) =>
      runHook(hookTarget(deps, state, slot, run), handler, timeoutMs).catch((error: unknown) => {
        deps.logger.info({ pod: state.pod.metadata.name, error: errorText(error) }, 'preStop hook failed');
        deps.event(state.pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
      }));
  slot.termination ??= createTermination(deps.clock, run, preStop);
  slot.termination.within(graceMs);
}

/** Milliseconds that the Pod gives its containers to end. */
function graceOf(state: PodState): number {
  return (state.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
}

function hookTarget(deps: ContainersDeps, state: PodState, slot: ContainerSlot, run: RunningContainer): HookTarget {
  const { host, node, clock } = deps;
  // Probes come from the node; the Pods of a super node are machines of their own and have no other node around them.
  const netns = node.kind === 'super' ? state.sandbox?.netns : node.netns;
  const podIp = state.sandbox?.ips[0] ?? '127.0.0.1';
  const { pod } = state;
  return { host, clock, pod, podIp, container: slot.spec, run, ...(netns === undefined ? {} : { netns }) };
}

function listenerOf(
  deps: ContainersDeps,
  state: PodState,
  slot: ContainerSlot,
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
      const probe = kind === 'startup' ? slot.spec.startupProbe : slot.spec.livenessProbe;
      const seconds = probe?.terminationGracePeriodSeconds;
      stopContainer(deps, state, slot, seconds === undefined ? graceOf(state) : seconds * 1000);
    },
  };
}

function announceBackOff({ event }: ContainersDeps, state: PodState, slot: ContainerSlot): void {
  if (slot.waiting?.reason === 'CrashLoopBackOff') return;
  const { name, uid, namespace = 'default' } = state.pod.metadata;
  const whose = `${name}_${namespace}(${uid})`;
  const wait = goDuration(restartDelayMs(slot.inARow));
  slot.waiting = {
    reason: 'CrashLoopBackOff',
    message: `back-off ${wait} restarting failed container=${slot.spec.name} pod=${whose}`,
  };
  event(state.pod, 'Warning', 'BackOff', `Back-off restarting failed container ${slot.spec.name} in pod ${whose}`);
}
