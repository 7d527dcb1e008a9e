// The phases of a Pod from its creation to ready: how long each took, which one it is in now, and what that waits for. Pure.
import { z } from 'zod';

import type { VpcEni } from '../../api/vpc-eni.ts';
import type { Pod } from '../../kube/resources.ts';
import type { World } from '../trace/world.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { necOf } from './pod-groups.ts';
import { ownEniOf, type PodNetwork } from './pod-network.ts';

/** core/v1 Event of the Pod, as far as it is read. */
export interface PodEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339; when it was seen last. */
  readonly at: string;
  readonly count: number;
}

export interface Phase {
  readonly phase: string;
  /** RFC 3339. */
  readonly from: string;
  /** Absent: it is in this phase now. */
  readonly until?: string;
  /** To the end of the phase, or until the picture was taken. Times of Kubernetes are whole seconds. */
  readonly seconds: number;
  /** How the two moments are known. */
  readonly by: string;
}

export interface Waiting {
  /** What has to happen next. */
  readonly what: string;
  /** Since when it waits for that, RFC 3339. */
  readonly since: string;
  /** The words of whoever keeps it waiting; absent when nobody said anything. */
  readonly why?: string;
}

export interface PodLife {
  readonly phases: readonly Phase[];
  /** Absent: the Pod is ready, or has ended. */
  readonly waiting?: Waiting;
}

const stateSchema = z.looseObject({
  name: z.string(),
  state: z
    .looseObject({
      running: z.looseObject({ startedAt: z.string() }).optional(),
      waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).optional(),
    })
    .optional(),
});

interface Mark {
  /** What ends here. */
  readonly phase: string;
  readonly at: string | undefined;
  readonly by: string;
  /** What the Pod waits for while `at` is not there. */
  readonly waits: () => Omit<Waiting, 'since'>;
}

/** Phases that the picture knows nothing about are left out; their time is in the next one. */
export function podLife(world: World, pod: Pod, network: PodNetwork, events: readonly PodEvent[]): PodLife {
  const { picture } = world;
  const created = pod.metadata.creationTimestamp ?? picture.takenAt;
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return { phases: [] };
  const phases: Phase[] = [];
  let from = created;
  for (const mark of marksOf(world, pod, network, events)) {
    if (mark.at === undefined) {
      phases.push({ phase: mark.phase, from, seconds: between(from, picture.takenAt), by: mark.by });
      return { phases, waiting: { ...mark.waits(), since: from } };
    }
    // The clocks of two machines differ by a little, and whole seconds hide what came first.
    const until = mark.at < from ? from : mark.at;
    phases.push({ phase: mark.phase, from, until, seconds: between(from, until), by: mark.by });
    from = until;
  }
  return { phases };
}

const between = (from: string, until: string): number =>
  Math.max(0, Math.round((Date.parse(until) - Date.parse(from)) / 100) / 10);

function marksOf(world: World, pod: Pod, network: PodNetwork, events: readonly PodEvent[]): readonly Mark[] {
  return [
    scheduled(pod, events),
    ...(network.kind === 'sub-eni' || network.kind === 'exclusive'
      ? ownEniMarks(world, pod, events)
      : network.kind === 'shared'
        ? sharedMarks(world.picture, pod, network, events)
        : []),
    started(pod, events),
    ready(pod, events),
  ];
}

function scheduled(pod: Pod, events: readonly PodEvent[]): Mark {
  const bound = conditionOf(pod, 'PodScheduled');
  return {
    phase: 'scheduled to a node',
    at:
      bound?.status === 'True'
        ? bound.lastTransitionTime
        : pod.spec.nodeName === undefined
          ? undefined
          : bound?.lastTransitionTime,
    by: 'condition PodScheduled',
    waits: () => ({
      what: 'a node that has room for it',
      ...said(bound?.message ?? lastOf(events, 'FailedScheduling')?.message),
    }),
  };
}

function ownEniMarks(world: World, pod: Pod, events: readonly PodEvent[]): readonly Mark[] {
  const { picture } = world;
  const eni = ownEniOf(world, pod);
  const readyCondition = eni?.status?.conditions?.find(({ type }) => type === 'Ready');
  const agent = eni?.status?.agent;
  const name = eni?.metadata.name ?? `sub-${pod.metadata.uid ?? ''}`;
  return [
    {
      phase: 'VpcENI made',
      at: eni?.metadata.creationTimestamp,
      by: `VpcENI ${name}`,
      waits: () => ({
        what: `ipamd to make VpcENI ${name}`,
        ...said(problemOf(events) ?? 'nothing was said; look whether tke-eni-ipamd runs: trunkline doctor'),
      }),
    },
    {
      phase: 'ENI ready in the cloud, groups in force',
      at: readyAt(eni, readyCondition?.lastTransitionTime, readyCondition?.status),
      by: `condition Ready of VpcENI ${name}`,
      waits: () => ({
        what: `the cloud: VpcENI ${name} is ${eni?.status?.phase ?? 'Pending'}`,
        ...said(
          readyCondition === undefined ? problemOf(events) : `${readyCondition.reason}: ${readyCondition.message}`,
        ),
      }),
    },
    {
      phase: 'connected by the agent',
      at: agent?.state === 'Wired' && agent.podUID === pod.metadata.uid ? agent.observedAt : undefined,
      by: `status.agent of VpcENI ${name}`,
      waits: () => ({
        what: `tke-eni-agent on ${pod.spec.nodeName ?? 'the node'} to connect the sandbox`,
        ...said(agentProblem(picture, pod.spec.nodeName) ?? problemOf(events)),
      }),
    },
  ];
}

/** A kept sub-ENI is older than its Pod: it was ready at once. */
function readyAt(eni: VpcEni | undefined, at: string | undefined, status: string | undefined): string | undefined {
  if (status === 'True') return at;
  return eni?.status?.phase === 'Ready' ? (at ?? eni.metadata.creationTimestamp) : undefined;
}

function sharedMarks(
  picture: ClusterPicture,
  pod: Pod,
  network: PodNetwork,
  events: readonly PodEvent[],
): readonly Mark[] {
  const set = events.find(({ reason }) => reason === 'SucceedSetPodIP');
  const sandbox = conditionOf(pod, 'PodReadyToStartContainers');
  const there = network.addresses.length > 0;
  const at =
    sandbox?.status === 'True'
      ? sandbox.lastTransitionTime
      : (set?.at ?? startedAt(pod) ?? conditionOf(pod, 'Ready')?.lastTransitionTime);
  return [
    {
      phase: 'connected, with an address',
      at: there ? at : undefined,
      by:
        sandbox?.status === 'True'
          ? 'condition PodReadyToStartContainers'
          : set === undefined
            ? 'the start of its containers'
            : 'Event SucceedSetPodIP',
      waits: () => ({
        what: `an address of node ${network.node ?? ''}`,
        ...said(
          agentProblem(picture, network.node) ??
            problemOf(events) ??
            necOf(picture, network.node)?.status?.routeENI?.target,
        ),
      }),
    },
  ];
}

function started(pod: Pod, events: readonly PodEvent[]): Mark {
  const waiting = statesOf(pod).find(({ state }) => state?.waiting !== undefined)?.state?.waiting;
  return {
    phase: 'containers started',
    at: startedAt(pod),
    by: 'containerStatuses',
    waits: () => ({
      what: 'its containers to start',
      ...said(
        waiting?.reason === undefined
          ? problemOf(events)
          : `${waiting.reason}${waiting.message === undefined ? '' : `: ${waiting.message}`}`,
      ),
    }),
  };
}

function ready(pod: Pod, events: readonly PodEvent[]): Mark {
  const condition = conditionOf(pod, 'Ready');
  return {
    phase: 'ready',
    at: condition?.status === 'True' ? condition.lastTransitionTime : undefined,
    by: 'condition Ready',
    waits: () => ({
      what: 'its readiness probes and gates',
      ...said(lastOf(events, 'Unhealthy')?.message ?? condition?.message),
    }),
  };
}

const statesOf = (pod: Pod): readonly z.output<typeof stateSchema>[] =>
  (pod.status?.containerStatuses ?? []).flatMap((status) => stateSchema.safeParse(status).data ?? []);

/** When the last container started; absent until all run. */
function startedAt(pod: Pod): string | undefined {
  const states = statesOf(pod);
  const starts = states.map(({ state }) => state?.running?.startedAt);
  if (starts.length === 0 || starts.includes(undefined)) return undefined;
  return starts
    .filter((start) => start !== undefined)
    .toSorted()
    .at(-1);
}

const conditionOf = (pod: Pod, type: string) => pod.status?.conditions?.find((each) => each.type === type);

const said = (why: string | undefined): { readonly why?: string } => (why === undefined || why === '' ? {} : { why });

const lastOf = (events: readonly PodEvent[], reason: string): PodEvent | undefined =>
  events
    .filter((event) => event.reason === reason)
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .at(-1);

/** The newest warning. */
function problemOf(events: readonly PodEvent[]): string | undefined {
  const last = events
    .filter(({ type }) => type === 'Warning')
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .at(-1);
  return last === undefined ? undefined : `${last.reason}: ${last.message}`;
}

function agentProblem(picture: ClusterPicture, node: string | undefined): string | undefined {
  const nec = necOf(picture, node);
  if (nec === undefined) return undefined;
  const told = nec.status?.node;
  if (told === undefined) return `no agent has reported on node ${node ?? ''}: look at the DaemonSet tke-eni-agent`;
  return told.ready ? undefined : `the agent of node ${node ?? ''} is not ready: ${told.message ?? 'it says nothing'}`;
}
