// One look at one Pod: volumes, network and containers up, or all of it down in the reverse order; and the status of either.
import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { errorText, TrunklineError } from '../../../src/base/errors.ts';
import { isNotFound } from '../../../src/kube/api-error.ts';
import type { ReconcileResult } from '../../../src/kube/types.ts';
import { advanceContainers } from './pod-containers.ts';
import type { ContainersDeps } from './pod-containers.ts';
import { allSlots, createPodState, updatePod, viewOf } from './pod-state.ts';
import type { PodState, Retry } from './pod-state.ts';
import { podPhase, podStatus } from './pod-status.ts';
import { isTerminal, labPods, podKey } from './pod-view.ts';
import type { LabPod } from './pod-view.ts';
import { loadPodData } from './referenced-data.ts';
import { retryDelayMs } from './restart-policy.ts';
import { createSandbox } from './sandbox.ts';
import type { Sandbox, SandboxDeps } from './sandbox.ts';
import { mountVolumes, unmountVolumes } from './volumes.ts';

export interface WorkerDeps extends ContainersDeps, SandboxDeps {
  /** The Pod of this node with that uid, as the API has it. */
  readonly podOf: (uid: string) => LabPod | undefined;
}

export interface PodWorker {
  /** Level-triggered: looks at the Pod and does what is next. At most one call per uid at a time. */
  reconcile(uid: string): Promise<ReconcileResult | undefined>;
  /** What is known of a Pod, by uid, else by namespace and name. */
  find(pod: Pick<LabPod, 'metadata'>): PodState | undefined;
  /** The node's network became ready: Pods that wait for it are tried without further delay. Gives their uids. */
  networkReady(): readonly string[];
  /** Writes the ServiceAccount tokens of all Pods anew. */
  refreshTokens(): Promise<void>;
  /** Ends every container at once, without the API; resolves when their processes are gone. */
  abandon(): Promise<void>;
}

const SANDBOX_RETRY = { firstMs: 1_000, maxMs: 30_000 };
const MOUNT_RETRY = { firstMs: 250, maxMs: 10_000 };
const REMOVAL_RETRY = { firstMs: 500, maxMs: 10_000 };
/** Even a Pod that is deleted by force gives its processes this long, as the kubelet's minimum is. */
const FORCED_GRACE_MS = 2_000;

/** Keeps the state of every Pod of the node. */
export function createPodWorker(deps: WorkerDeps): PodWorker {
  const states = new Map<string, PodState>();
  const volumesDir = (uid: string): string => join(deps.stateDir, 'pods', uid, 'volumes');

  const reconcile = async (uid: string): Promise<ReconcileResult | undefined> => {
    const pod = deps.podOf(uid);
    const known = states.get(uid);
    if (pod === undefined) return known && forget(known);
    if (known !== undefined) updatePod(known, pod);
    if (pod.metadata.deletionTimestamp !== undefined) return end(pod, known);
    // Ended before this kubelet knew it: nothing of it runs here.
    if (known === undefined && isTerminal(pod)) return undefined;
    const state = known ?? createPodState(pod, deps.clock.now());
    states.set(uid, state);
    return keep(state);
  };

  const keep = async (state: PodState): Promise<ReconcileResult | undefined> => {
    if (hasEnded(state)) {
      await writeStatus(deps, state);
      return tearDown(deps, state, volumesDir(state.uid));
    }
    writeStatusBehind(deps, state);
    const waitMs =
      (await mount(deps, state, volumesDir(state.uid))) ??
      (await connect(deps, state)) ??
      (await advanceContainers(deps, state));
    const owed = await removeLeftovers(deps, state);
    await writeStatus(deps, state);
    return earliestOf(waitMs, owed);
  };

  /** The API wants the Pod gone: containers end in their grace, then the network goes, then the object. */
  const end = async (pod: LabPod, state: PodState | undefined): Promise<ReconcileResult | undefined> => {
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    if (state !== undefined) {
      if (stopAll(deps, state, graceMs)) {
        writeStatusBehind(deps, state);
        return undefined;
      }
      const retry = await tearDown(deps, state, volumesDir(state.uid));
      if (retry !== undefined) return retry;
      await writeStatus(deps, state);
    }
    // With a grace of 0 the object is only held by finalizers of others.
    if (graceMs > 0)
      await deps.client.delete(labPods, pod.metadata.name, {
        namespace: pod.metadata.namespace ?? 'default',
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid ?? '' },
      });
    return undefined;
  };

  /** The object is gone already; what runs of it goes too. */
  const forget = async (state: PodState): Promise<ReconcileResult | undefined> => {
    if (stopAll(deps, state, FORCED_GRACE_MS)) return undefined;
    const retry = await tearDown(deps, state, volumesDir(state.uid));
    if (retry === undefined) states.delete(state.uid);
    return retry;
  };

  return {
    reconcile,
    find: ({ metadata }) =>
      states.get(metadata.uid ?? '') ??
      [...states.values()].find((state) => podKey(state.pod) === `${metadata.namespace ?? 'default'}/${metadata.name}`),
    networkReady: () => {
      const waiting = [...states.values()].filter((state) => !state.sandboxReady && !state.tornDown);
      for (const { retry } of waiting) if (Number.isFinite(retry.notBeforeMs)) resetRetry(retry);
      return waiting.map((state) => state.uid);
    },
    refreshTokens: async () => {
      for (const state of states.values())
        if (state.volumes !== undefined && !state.tornDown)
          await mountVolumes(
            deps,
            volumesDir(state.uid),
            state.pod,
            placeOf(deps, state),
            await loadPodData(deps, state.pod),
          );
    },
    abandon: async () => {
      const runs = [...states.values()].flatMap(allSlots).flatMap((slot) => (slot.run === undefined ? [] : [slot.run]));
      for (const run of runs) run.stop(0);
      await Promise.all(runs.map((run) => run.ended));
    },
  };
}

/** True when nothing of the Pod runs and nothing will. */
function hasEnded(state: PodState): boolean {
  if (allSlots(state).some((slot) => slot.run !== undefined)) return false;
  const phase = podPhase(viewOf(state, '', new Date(0)));
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Gives `undefined` once the volumes are there, else the wait before the next attempt. */
async function mount(deps: WorkerDeps, state: PodState, directory: string): Promise<number | undefined> {
  if (state.volumes !== undefined) return undefined;
  const waitMs = remaining(deps, state.retry);
  if (waitMs !== undefined) return waitMs;
  try {
    state.volumes = await mountVolumes(
      deps,
      directory,
      state.pod,
      placeOf(deps, state),
      await loadPodData(deps, state.pod),
    );
    resetRetry(state.retry);
    delete state.blocked;
    return undefined;
  } catch (error) {
    return block(deps, state, error, 'FailedMount', `MountVolume.SetUp failed: ${errorText(error)}`, MOUNT_RETRY);
  }
}

/** Gives `undefined` once the network is there. Each attempt is a sandbox with a new id; a failed one is removed apart. */
async function connect(deps: WorkerDeps, state: PodState): Promise<number | undefined> {
  if (state.sandboxReady) return undefined;
  const waitMs = remaining(deps, state.retry);
  if (waitMs !== undefined) return waitMs;
  const sandbox = createSandbox(deps, state.pod, deps.randomHex(64));
  try {
    await sandbox.attach();
    state.sandbox = sandbox;
    state.sandboxReady = true;
    resetRetry(state.retry);
    delete state.blocked;
    return undefined;
  } catch (error) {
    state.leftovers.add(sandbox);
    const entry = error instanceof TrunklineError ? error.entry : undefined;
    const text =
      entry?.eventReason === 'NetworkNotReady'
        ? errorText(error)
        : `Failed to create pod sandbox: ${sandboxText(sandbox, error)}`;
    return block(
      deps,
      state,
      error,
      entry?.eventReason === 'NetworkNotReady' ? 'NetworkNotReady' : 'FailedCreatePodSandBox',
      text,
      SANDBOX_RETRY,
    );
  }
}

function sandboxText(sandbox: Sandbox, error: unknown): string {
  return `failed to set up network for sandbox "${sandbox.id}": ${errorText(error)}`;
}

/** Notes why the Pod does not go on, and gives the wait before it is tried again. */
function block(
  deps: WorkerDeps,
  state: PodState,
  error: unknown,
  reason: string,
  message: string,
  delays: { firstMs: number; maxMs: number },
): number | undefined {
  const isFinal = error instanceof TrunklineError && error.retry === 'terminal';
  state.retry.failures += 1;
  const delayMs = isFinal ? Number.POSITIVE_INFINITY : retryDelayMs(state.retry.failures, delays.firstMs, delays.maxMs);
  state.retry.notBeforeMs = deps.clock.monotonicMs() + delayMs;
  state.blocked = { reason: isFinal ? 'CreatePodSandboxError' : 'ContainerCreating', message: errorText(error) };
  deps.event(state.pod, 'Warning', reason, message);
  // Never `undefined`, which would mean that this step is done.
  return delayMs;
}

/** Asks everything that runs to end; true while something still runs. */
function stopAll(deps: WorkerDeps, state: PodState, graceMs: number): boolean {
  const running = allSlots(state).filter((slot) => slot.run !== undefined);
  for (const slot of running) {
    if (!state.stopping) deps.event(state.pod, 'Normal', 'Killing', `Stopping container ${slot.spec.name}`);
    slot.run?.stop(graceMs);
  }
  state.stopping = true;
  return running.length > 0;
}

/** Network, then volumes. Gives `undefined` when nothing is left, else when to try again. */
async function tearDown(deps: WorkerDeps, state: PodState, directory: string): Promise<ReconcileResult | undefined> {
  if (state.tornDown) return undefined;
  if (state.sandbox !== undefined) state.leftovers.add(state.sandbox);
  const waitMs = await removeLeftovers(deps, state);
  if (waitMs !== undefined) return { requeueAfterMs: waitMs };
  delete state.sandbox;
  state.sandboxReady = false;
  await unmountVolumes(directory);
  state.tornDown = true;
  return undefined;
}

/** Gives `undefined` when nothing is owed any more. */
async function removeLeftovers(deps: WorkerDeps, state: PodState): Promise<number | undefined> {
  if (state.leftovers.size === 0) return undefined;
  const waitMs = remaining(deps, state.removal);
  if (waitMs !== undefined) return waitMs;
  for (const sandbox of state.leftovers) {
    try {
      await sandbox.remove();
      state.leftovers.delete(sandbox);
    } catch (error) {
      state.removal.failures += 1;
      const delayMs = retryDelayMs(state.removal.failures, REMOVAL_RETRY.firstMs, REMOVAL_RETRY.maxMs);
      state.removal.notBeforeMs = deps.clock.monotonicMs() + delayMs;
      const text = `error killing pod: failed to remove network of sandbox "${sandbox.id}": ${errorText(error)}`;
      deps.event(state.pod, 'Warning', 'FailedKillPod', text);
      return delayMs;
    }
  }
  resetRetry(state.removal);
  return undefined;
}

function remaining({ clock }: WorkerDeps, retry: Retry): number | undefined {
  const waitMs = retry.notBeforeMs - clock.monotonicMs();
  return waitMs > 0 ? waitMs : undefined;
}

function resetRetry(retry: Retry): void {
  retry.failures = 0;
  retry.notBeforeMs = 0;
}

function earliestOf(...waits: readonly (number | undefined)[]): ReconcileResult | undefined {
  const finite = waits.filter((wait): wait is number => wait !== undefined && Number.isFinite(wait));
  return finite.length === 0 ? undefined : { requeueAfterMs: Math.min(...finite) };
}

function placeOf(deps: WorkerDeps, state: PodState): { hostIp: string; podIps: readonly string[] } {
  return { hostIp: deps.node.internalIp, podIps: state.sandbox?.ips ?? [] };
}

/** Writes the status when it differs from the one written last; writes of one Pod never overtake each other. */
async function writeStatus(deps: WorkerDeps, state: PodState): Promise<void> {
  const write = state.writing.catch(() => undefined).then(() => writeNow(deps, state));
  state.writing = write;
  await write;
}

/** The same without waiting; a failure is only logged, as every look ends with a write that is waited for. */
function writeStatusBehind(deps: WorkerDeps, state: PodState): void {
  writeStatus(deps, state).catch((error: unknown) => {
    deps.logger.debug(
      { pod: state.pod.metadata.name, error: errorText(error) },
      'early status of a Pod could not be written',
    );
  });
}

async function writeNow(deps: WorkerDeps, state: PodState): Promise<void> {
  const status = podStatus(viewOf(state, deps.node.internalIp, deps.clock.now()));
  if (isDeepStrictEqual(status, state.reported)) return;
  const { name, namespace = 'default' } = state.pod.metadata;
  try {
    await deps.client.patch(
      labPods,
      name,
      { type: 'strategic', body: { metadata: { uid: state.uid }, status } },
      { namespace, subresource: 'status' },
    );
    state.reported = status;
  } catch (error) {
    // The object went away meanwhile; its deletion brings us back.
    if (!isNotFound(error)) throw error;
  }
}
