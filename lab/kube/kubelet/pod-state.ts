// What the kubelet remembers of a Pod between two looks at it. Everything here is lost with the lab, and so is what it describes.
import { rfc3339 } from '../../../src/kube/times.ts';
import type { RunningContainer } from './container-runtime.ts';
import type { Termination } from './container-termination.ts';
import type { LabContainer, LabPod } from './pod-view.ts';
import type { ContainerEnd, ContainerView, PodView } from './pod-status.ts';
import type { ContainerKind } from './restart-policy.ts';
import type { Sandbox } from './sandbox.ts';
import { takenOver } from './takeover.ts';
import type { PodVolumes } from './volumes.ts';

/** One container of a Pod over all its runs. */
export interface ContainerSlot {
  spec: LabContainer;
  readonly init: boolean;
  run?: RunningContainer;
  /** How the present run ends, once it was asked to. */
  termination?: Termination;
  /** The postStart hook of the present run is under way: until it is done the container does not count as running. */
  hooking: boolean;
  ready: boolean;
  started: boolean;
  /** End of the latest run, while none is under way. */
  end?: ContainerEnd;
  /** End of the run before the present or the latest one. */
  lastEnd?: ContainerEnd;
  /** Why it does not run, instead of the usual words. */
  waiting?: { readonly reason: string; readonly message: string };
  restartCount: number;
  /** Restarts since it last ran for long. */
  inARow: number;
  /** Attempts to start it that failed since it last started. */
  failedStarts: number;
  /** Monotonic time before which it is not started; infinite: not before its spec changes. */
  notBeforeMs: number;
}

/** Something that is tried again later: how often it failed, and from when on. */
export interface Retry {
  failures: number;
  notBeforeMs: number;
}

export interface PodState {
  readonly uid: string;
  /** As last seen; stays when the object is gone. */
  pod: LabPod;
  readonly startTime: string;
  readonly init: readonly ContainerSlot[];
  readonly main: readonly ContainerSlot[];
  /** Why no container can start yet. */
  blocked?: { readonly reason: string; readonly message: string };
  readonly retry: Retry;
  volumes?: PodVolumes;
  sandbox?: Sandbox;
  sandboxReady: boolean;
  /** Failed attempts whose removal is still owed. */
  readonly leftovers: Set<Sandbox>;
  readonly removal: Retry;
  /** It was decided whether the node takes it; see `failure`. */
  judged: boolean;
  /** Why the Pod is ended for good, although its containers could go on. */
  failure?: { readonly reason: string; readonly message: string };
  /** The content of its volumes is to be written anew. */
  staleVolumes: boolean;
  /** Nothing runs any more and the network is gone. */
  tornDown: boolean;
  /** Status as last written, and the write under way. */
  reported?: Record<string, unknown>;
  writing: Promise<void>;
}

/** The state of a Pod that was just seen for the first time. */
export function createPodState(pod: LabPod, now: Date): PodState {
  const slot = (spec: LabContainer, init: boolean): ContainerSlot => ({
    ...fresh(spec, init),
    ...takenOver(pod, spec.name, init, now),
  });
  const fresh = (spec: LabContainer, init: boolean): ContainerSlot => ({
    spec,
    init,
    hooking: false,
    ready: false,
    started: false,
    restartCount: 0,
    inARow: 0,
    failedStarts: 0,
    notBeforeMs: 0,
  });
  return {
    uid: pod.metadata.uid ?? '',
    pod,
    startTime: pod.status?.startTime ?? rfc3339(now),
    init: (pod.spec.initContainers ?? []).map((spec) => slot(spec, true)),
    main: pod.spec.containers.map((spec) => slot(spec, false)),
    retry: { failures: 0, notBeforeMs: 0 },
    sandboxReady: false,
    leftovers: new Set(),
    removal: { failures: 0, notBeforeMs: 0 },
    judged: false,
    staleVolumes: false,
    tornDown: false,
    writing: Promise.resolve(),
  };
}

/** What a container is to its Pod. */
export const kindOf = ({ init, spec }: ContainerSlot): ContainerKind =>
  !init ? 'main' : spec.restartPolicy === 'Always' ? 'sidecar' : 'init';

/** Every container, init containers first. */
export function allSlots(state: PodState): readonly ContainerSlot[] {
  return [...state.init, ...state.main];
}

/** Takes over a newer object; a container whose spec changed may be started again at once. */
export function updatePod(state: PodState, pod: LabPod): void {
  // Files of the downward API follow labels and annotations; the environment does not.
  const seen = ({ metadata }: LabPod): string => JSON.stringify([metadata.labels, metadata.annotations]);
  if (seen(state.pod) !== seen(pod)) state.staleVolumes = true;
  state.pod = pod;
  const specs = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  for (const slot of allSlots(state)) {
    const spec = specs.find((each) => each.name === slot.spec.name);
    if (spec === undefined || JSON.stringify(spec) === JSON.stringify(slot.spec)) continue;
    slot.spec = spec;
    slot.notBeforeMs = 0;
  }
}

/** What `podStatus` needs, at this moment. */
export function viewOf(state: PodState, hostIp: string, now: Date): PodView {
  const before =
    (state.reported?.['conditions'] as PodView['before'] | undefined) ?? state.pod.status?.conditions ?? [];
  return {
    pod: state.pod,
    init: state.init.map((slot) => containerView(state, slot)),
    main: state.main.map((slot) => containerView(state, slot)),
    hostIp,
    podIps: state.sandboxReady ? (state.sandbox?.ips ?? []) : [],
    hasSandbox: state.sandboxReady,
    startTime: state.startTime,
    before,
    now: rfc3339(now),
    ...(state.failure === undefined ? {} : { failure: state.failure }),
  };
}

function containerView(state: PodState, slot: ContainerSlot): ContainerView {
  const { name, image = '' } = slot.spec;
  const sidecar = kindOf(slot) === 'sidecar' ? { sidecar: true } : {};
  const common = { name, image, restartCount: slot.restartCount, ...sidecar };
  const last = (end: ContainerEnd | undefined): { lastEnd?: ContainerEnd } =>
    end === undefined ? {} : { lastEnd: end };
  if (slot.run !== undefined && !slot.hooking) {
    const { startedAt, containerID } = slot.run;
    return {
      ...common,
      ...last(slot.lastEnd),
      state: 'running',
      startedAt,
      containerID,
      ready: slot.ready,
      started: slot.started,
    };
  }
  if (slot.waiting !== undefined)
    return { ...common, ...last(slot.end ?? slot.lastEnd), state: 'waiting', ...slot.waiting };
  if (slot.end !== undefined) return { ...common, ...last(slot.lastEnd), state: 'terminated', end: slot.end };
  const usual = {
    reason: !slot.init && state.init.length > 0 && state.sandboxReady ? 'PodInitializing' : 'ContainerCreating',
  };
  return { ...common, state: 'waiting', ...(state.blocked ?? usual) };
}
