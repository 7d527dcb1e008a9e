// One look at one Pod: volumes, network and containers up, or all of it down in the reverse order; and the status of either.
import { join } from 'node:path';
import type { ReconcileResult } from '../../../src/kube/types.ts';
import { advanceContainers, stopContainer } from './pod-containers.ts';
import { writeStatus, writeStatusBehind } from './pod-report.ts';
import { connect, mount, placeOf, refreshVolumes, removeLeftovers, resetRetry, tearDown } from './pod-resources.ts';
import type { ResourcesDeps } from './pod-resources.ts';
import { allSlots, createPodState, kindOf, updatePod, viewOf } from './pod-state.ts';
import type { PodState } from './pod-state.ts';
import { isDone, podPhase } from './pod-status.ts';
import { isTerminal, labPods, podKey } from './pod-view.ts';
import type { LabPod } from './pod-view.ts';
import { loadPodData } from './referenced-data.ts';
import { rejectionOf } from './admission.ts';
import { mountVolumes } from './volumes.ts';

export interface WorkerDeps extends ResourcesDeps {
  /** The Pod of this node with that uid, as the API has it. */
  readonly podOf: (uid: string) => LabPod | undefined;
}

export interface PodWorker {
  /** Level-triggered: looks at the Pod and does what is next. At most one call per uid at a time. */
  reconcile(uid: string): Promise<ReconcileResult | undefined>;
  /** What is known of a Pod, by uid, else by namespace and name. */
  find(pod: Pick<LabPod, 'metadata'>): PodState | undefined;
  /** Everything that is known. */
  all(): readonly PodState[];
  /** The node's network became ready: Pods that wait for it are tried without further delay. Gives their uids. */
  networkReady(): readonly string[];
  /** A source of the Pod's volumes changed: the next look writes them anew. */
  volumesChanged(uid: string): void;
  /** Writes the ServiceAccount tokens of all Pods anew. */
  refreshTokens(): Promise<void>;
  /** Ends every container at once, without the API; resolves when their processes are gone. */
  abandon(): Promise<void>;
}

/** Even a Pod that is deleted by force gives its processes this long, as the kubelet's minimum is. */
const FORCED_GRACE_MS = 2_000;

/** Where the content of a Pod's volumes is. */
export function volumesDir(stateDir: string, uid: string): string {
  return join(stateDir, 'pods', uid);
}

/** Keeps the state of every Pod of the node. */
export function createPodWorker(deps: WorkerDeps): PodWorker {
  const states = new Map<string, PodState>();

  const reconcile = async (uid: string): Promise<ReconcileResult | undefined> => {
    const pod = deps.podOf(uid);
    const known = states.get(uid);
    if (pod === undefined) return known && forget(known);
    if (known !== undefined) updatePod(known, pod);
    if (pod.metadata.deletionTimestamp !== undefined) return end(pod, known);
    // Ended before this kubelet knew it: nothing of it runs here.
    if (known === undefined && isTerminal(pod)) return undefined;
    const state = known ?? createPodState(pod, deps.clock.now());
    if (known === undefined && allSlots(state).some((slot) => slot.end !== undefined))
      deps.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    states.set(uid, state);
    return keep(state);
  };

  const keep = async (state: PodState): Promise<ReconcileResult | undefined> => {
    await judge(state);
    const leftMs = deadline(state);
    if (hasEnded(state)) {
      await writeStatus(deps, state);
      return tearDown(deps, state, volumesDir(deps.stateDir, state.uid));
    }
    if (state.failure !== undefined) {
      stopAll(deps, state, graceOf(state));
      await writeStatus(deps, state);
      return undefined;
    }
    if (isDone(viewOf(state, '', new Date(0)))) {
      stopAll(deps, state, graceOf(state));
      await writeStatus(deps, state);
      return undefined;
    }
    writeStatusBehind(deps, state);
    await refreshVolumes(deps, state, volumesDir(deps.stateDir, state.uid));
    const waitMs =
      (await mount(deps, state, volumesDir(deps.stateDir, state.uid))) ??
      (await network(state)) ??
      (await advanceContainers(deps, state));
    const owed = await removeLeftovers(deps, state);
    await writeStatus(deps, state);
    return earliestOf(waitMs, owed, leftMs);
  };

  /** Once for each Pod that never ran: one that the node cannot take has failed. */
  const judge = async (state: PodState): Promise<void> => {
    if (state.judged) return;
    const isNew = (state.pod.status?.containerStatuses ?? []).length === 0;
    // Counted from here on by those that are judged meanwhile.
    state.judged = true;
    const judging = isNew ? rejectionOf(deps, state.pod, neighbours(state)) : undefined;
    const rejection = await judging?.catch((error: unknown) => {
      state.judged = false;
      throw error;
    });
    if (rejection === undefined) return;
    state.failure = { ...rejection, message: `Pod was rejected: ${rejection.message}` };
    deps.event(state.pod, 'Warning', rejection.reason, rejection.message);
  };

  /** What else the API wants here and has not ended. */
  const neighbours = (state: PodState): readonly LabPod[] =>
    [...states.values()]
      .filter((other) => other !== state && other.judged && other.failure === undefined && !hasEnded(other))
      .flatMap(({ uid }) => deps.podOf(uid) ?? []);

  /** As `connect`; the addresses are told before the containers start, as whoever waits for them may. */
  const network = async (state: PodState): Promise<number | undefined> => {
    const isNew = !state.sandboxReady;
    const waitMs = await connect(deps, state);
    if (isNew && state.sandboxReady) writeStatusBehind(deps, state);
    return waitMs;
  };

  /** Milliseconds until the Pod has been active for as long as it may be; one that has is failed. */
  const deadline = (state: PodState): number | undefined => {
    const seconds = state.pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || state.failure !== undefined) return undefined;
    const leftMs = Date.parse(state.startTime) + seconds * 1000 - deps.clock.now().getTime();
    if (leftMs > 0) return leftMs;
    const message = 'Pod was active on the node longer than the specified deadline';
    state.failure = { reason: 'DeadlineExceeded', message };
    deps.event(state.pod, 'Normal', 'DeadlineExceeded', message);
    return undefined;
  };

  /** The API wants the Pod gone: containers end in their grace, then the network goes, then the object. */
  const end = async (pod: LabPod, state: PodState | undefined): Promise<ReconcileResult | undefined> => {
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    if (state !== undefined) {
      if (stopAll(deps, state, graceMs)) {
        writeStatusBehind(deps, state);
        return undefined;
      }
      const retry = await tearDown(deps, state, volumesDir(deps.stateDir, state.uid));
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
    const retry = await tearDown(deps, state, volumesDir(deps.stateDir, state.uid));
    if (retry !== undefined) return retry;
    states.delete(state.uid);
    deps.imageStore.forget(state.uid);
    await deps.logs.forget(state.pod);
    return retry;
  };

  return {
    reconcile,
    find: ({ metadata }) =>
      states.get(metadata.uid ?? '') ??
      [...states.values()].find((state) => podKey(state.pod) === `${metadata.namespace ?? 'default'}/${metadata.name}`),
    all: () => [...states.values()],
    networkReady: () => {
      const waiting = [...states.values()].filter((state) => !state.sandboxReady && !state.tornDown);
      for (const { retry } of waiting) if (Number.isFinite(retry.notBeforeMs)) resetRetry(retry);
      return waiting.map((state) => state.uid);
    },
    volumesChanged: (uid) => {
      const state = states.get(uid);
      if (state === undefined) return;
      state.staleVolumes = true;
      deps.wake(uid);
    },
    refreshTokens: async () => {
      for (const state of states.values())
        if (state.volumes !== undefined && !state.tornDown)
          await mountVolumes(
            deps,
            volumesDir(deps.stateDir, state.uid),
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

function graceOf(state: PodState): number {
  return (state.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
}

/** Asks what runs to end, sidecars when nothing else does; true while something still runs. */
function stopAll(deps: WorkerDeps, state: PodState, graceMs: number): boolean {
  const running = allSlots(state).filter((slot) => slot.run !== undefined);
  // Sidecars last, and of those the latest first.
  const last = running.findLast((slot) => kindOf(slot) === 'sidecar');
  const others = running.filter((slot) => kindOf(slot) !== 'sidecar');
  for (const slot of others.length > 0 || last === undefined ? others : [last]) {
    if (slot.termination === undefined)
      deps.event(state.pod, 'Normal', 'Killing', `Stopping container ${slot.spec.name}`);
    stopContainer(deps, state, slot, graceMs);
  }
  return running.length > 0;
}

function earliestOf(...waits: readonly (number | undefined)[]): ReconcileResult | undefined {
  const finite = waits.filter((wait): wait is number => wait !== undefined && Number.isFinite(wait));
  return finite.length === 0 ? undefined : { requeueAfterMs: Math.min(...finite) };
}
