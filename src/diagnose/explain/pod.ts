// `explain pod` as data: connection, groups, policies, addresses outside, phases of its life. Pure.
import type { Pod } from '../../kube/resources.ts';
import { type ClusterPicture, type Gap } from '../picture/picture.ts';
import { openWorld } from '../trace/world.ts';
import { podEgress, type PodEgress } from './pod-egress.ts';
import { type PodGroup, podGroups } from './pod-groups.ts';
import { type PodEvent, podLife, type Phase, type Waiting } from './pod-life.ts';
import { type PodNetwork, podNetwork } from './pod-network.ts';
import { type PolicyAnswer, podPolicies } from './pod-policies.ts';

export interface PodExplanation {
  /** namespace/name. */
  readonly pod: string;
  readonly phase: string;
  readonly created?: string;
  readonly network: PodNetwork;
  readonly groups: readonly PodGroup[];
  readonly policies: readonly PolicyAnswer[];
  readonly egress: PodEgress;
  readonly phases: readonly Phase[];
  readonly waiting?: Waiting;
  /** What could not be read, so that it is not said above. */
  readonly notKnown: readonly Gap[];
}

/** `events`: those of the Pod, in any order; none when they cannot be read. */
export function explainPod(picture: ClusterPicture, pod: Pod, events: readonly PodEvent[]): PodExplanation {
  const world = openWorld(picture);
  const network = podNetwork(world, pod);
  return {
    pod: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`,
    phase: pod.metadata.deletionTimestamp === undefined ? (pod.status?.phase ?? 'Unknown') : 'Terminating',
    ...(pod.metadata.creationTimestamp === undefined ? {} : { created: pod.metadata.creationTimestamp }),
    network,
    groups: podGroups(world, pod, network),
    policies: podPolicies(world, pod),
    egress: podEgress(world, pod, network),
    ...podLife(world, pod, network, events),
    notKnown: picture.gaps,
  };
}
