// The status that the kubelet reports of a Pod, computed from what it knows about the Pod's containers. Pure.
import type { PodCondition } from '../../../src/kube/resources.ts';
import type { LabPod, LabPodStatus } from './pod-view.ts';
import { restarts } from './restart-policy.ts';

export interface ContainerEnd {
  readonly exitCode: number;
  readonly signal?: number;
  /** `Completed` or `Error`; `StartError` when the program could not be executed. */
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly containerID: string;
}

/** Where a container is now. `waiting` keeps the end of the run before, if there was one. */
export type ContainerView = {
  readonly name: string;
  readonly image: string;
  readonly restartCount: number;
  /** End of the run before the present one. */
  readonly lastEnd?: ContainerEnd;
  /** An init container that stays. */
  readonly sidecar?: boolean;
} & (
  | { readonly state: 'waiting'; readonly reason: string; readonly message?: string }
  | {
      readonly state: 'running';
      readonly startedAt: string;
      readonly containerID: string;
      readonly ready: boolean;
      readonly started: boolean;
    }
  | { readonly state: 'terminated'; readonly end: ContainerEnd }
);

export interface PodView {
  readonly pod: LabPod;
  readonly init: readonly ContainerView[];
  readonly main: readonly ContainerView[];
  readonly hostIp: string;
  /** Empty until the sandbox exists. */
  readonly podIps: readonly string[];
  readonly hasSandbox: boolean;
  readonly startTime: string;
  /** Conditions as last reported, so that `lastTransitionTime` moves only with `status`. */
  readonly before: readonly PodCondition[];
  /** Now, as Kubernetes writes it. */
  readonly now: string;
  /** The Pod was ended for good, whatever its restart policy says. */
  readonly failure?: { readonly reason: string; readonly message: string };
}

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** Kubernetes' phase: Pending until every container ran once, final only when nothing will run again. */
export function podPhase(view: Pick<PodView, 'pod' | 'init' | 'main' | 'failure'>): Phase {
  const policy = view.pod.spec.restartPolicy ?? 'Always';
  // A Pod that was ended is Failed once nothing of it runs any more.
  if (view.failure !== undefined && ![...view.init, ...view.main].some((each) => each.state === 'running'))
    return 'Failed';
  const leaving = view.failure !== undefined || view.pod.metadata.deletionTimestamp !== undefined;
  const willRestart = (end: ContainerEnd, init: boolean): boolean => !leaving && restarts(policy, end.exitCode, init);
  for (const container of view.init) {
    if (container.sidecar === true) continue;
    if (container.state === 'terminated' && container.end.exitCode === 0) continue;
    return container.state === 'terminated' && !willRestart(container.end, true) ? 'Failed' : 'Pending';
  }
  if (view.main.some((container) => container.state === 'waiting' && container.lastEnd === undefined)) return 'Pending';
  const ends = view.main.flatMap((container) => (container.state === 'terminated' ? [container.end] : []));
  if (ends.length < view.main.length || ends.some((end) => willRestart(end, false))) return 'Running';
  // Sidecars are ended then, and until they have the Pod is not over.
  if (view.init.some((each) => each.sidecar === true && each.state === 'running')) return 'Running';
  return ends.every((end) => end.exitCode === 0) ? 'Succeeded' : 'Failed';
}

/** Whether all that the Pod is there for has ended for good, so that only sidecars may still run. */
export const isDone = (view: Pick<PodView, 'pod' | 'init' | 'main' | 'failure'>): boolean =>
  ['Succeeded', 'Failed'].includes(podPhase({ ...view, init: view.init.filter((each) => each.sidecar !== true) }));

/** The whole status, as a strategic merge patch of `status`. */
export function podStatus(view: PodView): LabPodStatus & Record<string, unknown> {
  const phase = podPhase(view);
  return {
    phase,
    ...(phase === 'Failed' ? view.failure : undefined),
    hostIP: view.hostIp,
    hostIPs: [{ ip: view.hostIp }],
    ...(view.podIps.length === 0 ? {} : { podIP: view.podIps[0] ?? '', podIPs: view.podIps.map((ip) => ({ ip })) }),
    startTime: view.startTime,
    conditions: podConditions(view, phase),
    ...(view.init.length === 0 ? {} : { initContainerStatuses: view.init.map((each) => containerStatus(each, true)) }),
    containerStatuses: view.main.map((each) => containerStatus(each, false)),
  };
}

function podConditions(view: PodView, phase: Phase): PodCondition[] {
  const ended = phase === 'Succeeded' || phase === 'Failed';
  const sidecars = view.init.filter((each) => each.sidecar === true);
  const unready = [...sidecars, ...view.main].filter((each) => !isReady(each)).map((each) => each.name);
  const hasBegun = view.main.some((each) => each.state !== 'waiting' || each.lastEnd !== undefined);
  const pendingInit = view.init
    .filter((each) => (each.sidecar === true ? !hasBegun && !hasStarted(each) : !succeeded(each)))
    .map((each) => each.name);
  const gates = (view.pod.spec.readinessGates ?? []).filter(
    ({ conditionType }) => view.pod.status?.conditions?.find((each) => each.type === conditionType)?.status !== 'True',
  );
  const notReady = ended
    ? { reason: phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
    : unready.length > 0
      ? { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` }
      : undefined;
  const blocked =
    gates.length > 0
      ? {
          reason: 'ReadinessGatesNotReady',
          message: `conditions not True: [${gates.map((gate) => gate.conditionType).join(' ')}]`,
        }
      : undefined;
  const incomplete =
    pendingInit.length > 0
      ? { reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${pendingInit.join(' ')}]` }
      : undefined;
  return [
    condition(view, 'PodReadyToStartContainers', view.hasSandbox ? undefined : {}),
    condition(view, 'Initialized', incomplete),
    condition(view, 'Ready', notReady ?? blocked),
    condition(view, 'ContainersReady', notReady),
    condition(view, 'PodScheduled', undefined),
  ];
}

/** True without a problem, False with one. */
function condition(
  view: PodView,
  type: string,
  problem: { reason?: string; message?: string } | undefined,
): PodCondition {
  const status = problem === undefined ? 'True' : 'False';
  const before = view.before.find((each) => each.type === type);
  const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? view.now) : view.now;
  // Empty texts, since a merge would otherwise keep those of the problem before.
  return { type, status, reason: problem?.reason ?? '', message: problem?.message ?? '', lastTransitionTime };
}

function isReady(container: ContainerView): boolean {
  return container.state === 'running' && container.ready;
}

const hasStarted = (container: ContainerView): boolean => container.state === 'running' && container.started;

function succeeded(container: ContainerView): boolean {
  return container.state === 'terminated' && container.end.exitCode === 0;
}

function containerStatus(container: ContainerView, init: boolean): Record<string, unknown> {
  const { name, image, restartCount, lastEnd } = container;
  return {
    name,
    image,
    imageID: `lab://${image}`,
    restartCount,
    ready: init && container.sidecar !== true ? succeeded(container) : isReady(container),
    started: container.state === 'running' && container.started,
    state: stateOf(container),
    lastState: lastEnd === undefined ? {} : { terminated: lastEnd },
    ...containerIdOf(container),
  };
}

function stateOf(container: ContainerView): Record<string, unknown> {
  switch (container.state) {
    case 'waiting':
      return {
        waiting: {
          reason: container.reason,
          ...(container.message === undefined ? {} : { message: container.message }),
        },
      };
    case 'running':
      return { running: { startedAt: container.startedAt } };
    case 'terminated':
      return { terminated: container.end };
  }
}

function containerIdOf(container: ContainerView): { containerID?: string } {
  switch (container.state) {
    case 'waiting':
      return container.lastEnd === undefined ? {} : { containerID: container.lastEnd.containerID };
    case 'running':
      return { containerID: container.containerID };
    case 'terminated':
      return { containerID: container.end.containerID };
  }
}
