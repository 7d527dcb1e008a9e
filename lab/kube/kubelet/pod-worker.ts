// One look at one Pod: volumes, network and containers up, or all of it down in the reverse order; and the status of either.
import { join } from 'node:path';
import type { ReconcileResult } from '../../../src/kube/types.ts';
import { advanceContainers } from './pod-containers.ts';
import { writeStatus, writeStatusBehind } from './pod-report.ts';
import { connect, mount, placeOf, removeLeftovers, resetRetry, tearDown } from './pod-resources.ts';
import type { ResourcesDeps } from './pod-resources.ts';
import { allSlots, createPodState, updatePod, viewOf } from './pod-state.ts';
import type { PodState } from './pod-state.ts';
import { podPhase } from './pod-status.ts';
import { isTerminal, labPods, podKey } from './pod-view.ts';
import type { LabPod } from './pod-view.ts';
import { loadPodData } from './referenced-data.ts';
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
  /** The node's network became ready: Pods that wait for it are tried without further delay. Gives their uids. */
  networkReady(): readonly string[];
  /** Writes the ServiceAccount tokens of all Pods anew. */
  refreshTokens(): Promise<void>;
  /** Ends every container at once, without the API; resolves when their processes are gone. */
  abandon(): Promise<void>;
}

/** Even a Pod that is deleted by force gives its processes this long, as the kubelet's minimum is. */
const FORCED_GRACE_MS = 2_000;

/** Keeps the state of every Pod of the node. */
export function createPodWorker(deps: WorkerDeps): PodWorker {
  const states = new Map<string, PodState>();
  const volumesDir = (uid: string): string => join(deps.stateDir, 'pods', uid);

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

function earliestOf(...waits: readonly (number | undefined)[]): ReconcileResult | undefined {
  const finite = waits.filter((wait): wait is number => wait !== undefined && Number.isFinite(wait));
  return finite.length === 0 ? undefined : { requeueAfterMs: Math.min(...finite) };
}
