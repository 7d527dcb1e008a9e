// Which groups each Pod has, and which it would have: at once, or once it is rebuilt. Pure.
import { type AddonValues, decodeAddonValues } from '../../api/addon-values.ts';
import { objectNames } from '../../api/keys.ts';
import type { EnforcingMode } from '../../api/vpc-eni.ts';
import type { Pod } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { sameGroups } from '../../planning/group-sync.ts';
import { matchPolicies } from '../../planning/match-policies.ts';
import { projectPolicy } from '../../planning/policy-view.ts';
import { ownerOf } from '../explain/owner.ts';
import { openWorld } from '../trace/world.ts';
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
  const world = openWorld(picture);
  return picture.kube.pods
    .filter(
      ({ spec, status }) => spec.hostNetwork !== true && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    )
    .map((pod) => {
      const network = podNetwork(world, pod);
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
  const asks = { before: demands(before), after: demands(after) };
  const next = new Map(after.kube.pods.map((pod) => [pod.metadata.uid, pod]));
  return pods.flatMap((standing) => {
    const was = asks.before(standing.pod);
    const then = next.get(standing.pod.metadata.uid) ?? standing.pod;
    const is = asks.after(then);
    // Another template is rolled out: its Pods come again, whatever the policies reach at once.
    const remade = then !== standing.pod;
    return (
      ofPolicies(standing, was, { ...is, live: is.live && !remade }, trunking) ?? ofNode(before, after, standing, is)
    );
  });
}

function isTrunkingOn(picture: ClusterPicture): boolean {
  return valuesOf(picture)?.['vpcCni.trunkingEni.enableSubEni'] === true;
}

/** Routing of Pods that are made now with a sub-ENI. */
export function routingOf(picture: ClusterPicture): EnforcingMode {
  return valuesOf(picture)?.['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'] ?? 'standard';
}

function valuesOf({ kube }: ClusterPicture): AddonValues | undefined {
  const map = kube.configMaps.find(({ metadata }) => metadata.name === objectNames.addonValues);
  const decoded = decodeAddonValues(map?.data);
  return decoded.ok ? decoded.values : undefined;
}

interface Demand {
  readonly groups: readonly string[];
  readonly policies: readonly string[];
  readonly live: boolean;
}

/** What admission would decide for a Pod that is made now. Selectors are compiled once. */
function demands({ kube }: ClusterPicture): (pod: Pod) => Demand {
  const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  const views = Map.groupBy(kube.securityGroupPolicies.map(projectPolicy), ({ metadata }) => metadata.namespace ?? '');
  const specs = new Map(kube.securityGroupPolicies.map((policy) => [keyOf(policy), policy.spec]));
  const accounts = new Map(kube.serviceAccounts.map((account) => [keyOf(account), account.metadata.labels ?? {}]));
  return ({ metadata, spec }) => {
    const { namespace = '' } = metadata;
    const match = matchPolicies({
      policies: views.get(namespace) ?? [],
      podLabels: metadata.labels ?? {},
      serviceAccountLabels: accounts.get(`${namespace}/${spec.serviceAccountName ?? 'default'}`) ?? {},
    });
    if (match.kind !== 'matched') return { groups: [], policies: [], live: false };
    const strategies = match.policies.map((policy) => specs.get(keyOf(policy))?.updateStrategy);
    return {
      groups: match.groups,
      policies: match.policies.map((policy) => policy.metadata.name),
      live: strategies.every((strategy) => strategy?.type === 'Live' && strategy.paused !== true),
    };
  };
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
