// Which groups each Pod has, and which it would have: at once, or once it is rebuilt. Pure.
import { decodeAddonValues } from '../../api/addon-values.ts';
import { objectNames } from '../../api/keys.ts';
import type { Pod } from '../../kube/resources.ts';
import { sameGroups } from '../../planning/group-sync.ts';
import { matchPolicies } from '../../planning/match-policies.ts';
import { projectPolicy } from '../../planning/policy-view.ts';
import { ownerOf } from '../explain/owner.ts';
import { accountLabels } from '../explain/pod-policies.ts';
import { necOf } from '../explain/pod-groups.ts';
import { type PodNetwork, podNetwork } from '../explain/pod-network.ts';
import type { ClusterPicture } from '../picture/picture.ts';

export interface PodChange {
  readonly pod: string;
  readonly workload: string;
  readonly node: string;
  readonly address: string;
  readonly now: readonly string[];
  readonly after: readonly string[];
  /** `at-once`: without a rebuild. `rebuilt`: when the Pod is deleted and comes again (spec 001, 002). */
  readonly when: 'at-once' | 'rebuilt';
  /** What the Pod is connected by, now and then. */
  readonly from: PodNetwork['kind'];
  readonly to: PodNetwork['kind'];
  readonly why: string;
}

export interface PodStanding {
  readonly pod: Pod;
  readonly name: string;
  readonly workload: string;
  readonly network: PodNetwork;
  /** In force now; absent: not known. */
  readonly groups: readonly string[] | undefined;
}

/** Pods that live and have an address of their own. */
export function standings(picture: ClusterPicture): readonly PodStanding[] {
  return picture.kube.pods
    .filter(
      ({ spec, status }) => spec.hostNetwork !== true && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    )
    .map((pod) => {
      const network = podNetwork(picture, pod);
      return {
        pod,
        name: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`,
        workload: ownerOf(picture, pod),
        network,
        groups: network.groups,
      };
    });
}

/** Only what the proposal changes: a Pod that is out of step already is not its doing. */
export function podChanges(
  before: ClusterPicture,
  after: ClusterPicture,
  pods: readonly PodStanding[],
): readonly PodChange[] {
  const trunking = isTrunkingOn(before);
  return pods.flatMap((standing) => {
    const was = demand(before, standing.pod);
    const is = demand(after, standing.pod);
    return ofPolicies(standing, was, is, trunking) ?? ofNode(before, after, standing, is);
  });
}

function isTrunkingOn({ kube }: ClusterPicture): boolean {
  const map = kube.configMaps.find(({ metadata }) => metadata.name === objectNames.addonValues);
  const decoded = decodeAddonValues(map?.data);
  return decoded.ok && decoded.values['vpcCni.trunkingEni.enableSubEni'];
}

interface Demand {
  readonly groups: readonly string[];
  readonly policies: readonly string[];
  readonly live: boolean;
  readonly problem?: string;
}

/** What admission would decide for a Pod that is made now. */
function demand(picture: ClusterPicture, pod: Pod): Demand {
  const own = picture.kube.securityGroupPolicies.filter(
    ({ metadata }) => metadata.namespace === pod.metadata.namespace,
  );
  const match = matchPolicies({
    policies: own.map(projectPolicy),
    podLabels: pod.metadata.labels ?? {},
    serviceAccountLabels: accountLabels(picture, pod),
  });
  switch (match.kind) {
    case 'none':
      return { groups: [], policies: [], live: false };
    case 'unusable':
      return {
        groups: [],
        policies: [],
        live: false,
        problem: `policy ${match.policy.metadata.name}: ${match.problem}`,
      };
    case 'matched': {
      const names = match.policies.map(({ metadata }) => metadata.name);
      const live = own
        .filter(({ metadata }) => names.includes(metadata.name))
        .every(({ spec }) => spec.updateStrategy?.type === 'Live' && spec.updateStrategy.paused !== true);
      return { groups: match.groups, policies: names, live };
    }
  }
}

function ofPolicies(
  standing: PodStanding,
  was: Demand,
  is: Demand,
  trunking: boolean,
): readonly PodChange[] | undefined {
  const { network, name, workload } = standing;
  if (sameGroups(was.groups, is.groups)) return is.policies.length > 0 ? [] : undefined;
  if (!trunking && network.kind !== 'super-node') return [];
  const onSuper = network.kind === 'super-node';
  const gains = is.policies.length > 0;
  const atOnce = is.live && network.kind === 'sub-eni' && gains;
  return [
    {
      pod: name,
      workload,
      node: network.node ?? '',
      address: network.addresses[0] ?? '',
      now: standing.groups ?? was.groups,
      after: is.groups,
      when: atOnce ? 'at-once' : 'rebuilt',
      from: network.kind,
      to: onSuper ? 'super-node' : gains ? 'sub-eni' : 'shared',
      why: gains
        ? `selected by ${is.policies.join(', ')}`
        : `no policy selects it any more: it gets ${onSuper ? 'the default of its node' : 'the groups of its node'}`,
    },
  ];
}

/** Of Pods that no policy selects: those of the node's list, at once. */
function ofNode(
  before: ClusterPicture,
  after: ClusterPicture,
  { network, name, workload, groups }: PodStanding,
  is: Demand,
): readonly PodChange[] {
  if (is.policies.length > 0 || network.kind !== 'shared') return [];
  const was = necOf(before, network.node)?.spec.securityGroups;
  const next = necOf(after, network.node)?.spec.securityGroups;
  if (next === undefined || was === next || sameGroups(groups ?? was ?? [], next)) return [];
  return [
    {
      pod: name,
      workload,
      node: network.node ?? '',
      address: network.addresses[0] ?? '',
      now: groups ?? was ?? [],
      after: next,
      when: 'at-once',
      from: 'shared',
      to: 'shared',
      why: `the list of nec ${network.node ?? ''}, for every Pod of its shared ENIs`,
    },
  ];
}
