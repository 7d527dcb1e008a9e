// Where each security group of a Pod came from: policy, annotation, the node's list, the instance, or somebody's hand. Pure.
import { decodeAdmissionDecision } from '../../api/admission-decision.ts';
import { annotations } from '../../api/keys.ts';
import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import type { Pod } from '../../kube/resources.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import type { World } from '../trace/world.ts';
import { ownEniOf, type PodNetwork } from './pod-network.ts';

export type GroupOrigin =
  | 'policy'
  | 'annotation'
  | 'node'
  | 'instance'
  | 'super-node'
  | 'live-change'
  | 'hand'
  | 'unknown';

export interface PodGroup {
  readonly groupId: string;
  /** In the cloud; absent when not known. */
  readonly name?: string;
  readonly origin: GroupOrigin;
  readonly why: string;
  /** Bound to the Pod's ENI in the cloud; absent: not known. */
  readonly inForce?: boolean;
  /** False: the cloud does not know it. Absent: not known. */
  readonly exists?: boolean;
  /** Rules that the engine does not understand, so that what the group decides is not known. */
  readonly notUnderstood?: readonly string[];
}

/** In order of priority: those in force first, then those that were asked for and are not. */
export function podGroups(world: World, pod: Pod, network: PodNetwork): readonly PodGroup[] {
  const { picture } = world;
  const wanted = wantedGroups(world, pod, network);
  const bound = network.groups;
  const ids = [...new Set([...(bound ?? []), ...wanted.keys()])];
  return ids.map((groupId) => {
    const asked = wanted.get(groupId);
    const { origin, why } = asked ?? strangerOf(picture, network);
    return {
      groupId,
      ...cloudFacts(picture, groupId),
      origin,
      why,
      ...(bound === undefined ? {} : { inForce: bound.includes(groupId) }),
    };
  });
}

function cloudFacts(
  { cloud, gaps }: ClusterPicture,
  groupId: string,
): Pick<PodGroup, 'name' | 'exists' | 'notUnderstood'> {
  const group = cloud?.groups.get(groupId);
  if (group === undefined)
    return cloud === undefined || gaps.some(({ what }) => what === `group ${groupId}`) ? {} : { exists: false };
  const named = { exists: true, ...(group.name === '' ? {} : { name: group.name }) };
  if (group.rules.ok) return named;
  return { ...named, notUnderstood: group.rules.problems.map(({ path, message }) => `${path}: ${message}`) };
}

type Origin = Pick<PodGroup, 'origin' | 'why'>;

function wantedGroups(world: World, pod: Pod, network: PodNetwork): ReadonlyMap<string, Origin> {
  switch (network.kind) {
    case 'sub-eni':
      return ofAdmission(world, pod);
    case 'super-node':
      return ofAdmission(world, pod);
    case 'shared':
    case 'exclusive':
      return ofNode(world.picture, network);
    case 'host':
      return new Map();
  }
}

function ofAdmission(world: World, pod: Pod): ReadonlyMap<string, Origin> {
  const { picture } = world;
  const eni = ownEniOf(world, pod);
  const change = eni?.spec.groupChange;
  const marks = pod.metadata.annotations ?? {};
  const read = decodeAdmissionDecision(marks);
  const policies = change?.policies ?? (read.kind === 'decision' ? read.decision.policies : []);
  const written = splitIds(marks[annotations.securityGroupId] ?? marks[annotations.eksSecurityGroupId] ?? '');
  const given = eni?.spec.securityGroups ?? (read.kind === 'decision' ? read.decision.groups : written);
  const sources = policies.map(({ name, uid, generation }) => ({
    name,
    generation,
    now: picture.kube.securityGroupPolicies.find(({ metadata }) => metadata.uid === uid),
  }));
  return new Map(
    given.map((groupId): [string, Origin] => {
      const by = sources.filter(({ now }) => now?.spec.securityGroups.groupIds.includes(groupId) === true);
      const [first] = by;
      if (first !== undefined) {
        const names = by.map(({ name, generation }) => `${name} (generation ${generation})`).join(' and ');
        return change === undefined
          ? [groupId, { origin: 'policy', why: `policy ${names}, decided when the Pod was created` }]
          : [
              groupId,
              { origin: 'live-change', why: `policy ${names}, put on the running Pod at ${change.requestedAt}` },
            ];
      }
      if (policies.length === 0)
        return [groupId, { origin: 'annotation', why: `annotation ${annotations.securityGroupId} of the Pod` }];
      const older = sources.map(({ name, generation }) => `${name} as of generation ${generation}`).join(', ');
      return [groupId, { origin: 'policy', why: `policy ${older}, which does not list it any more or is gone` }];
    }),
  );
}

const splitIds = (text: string): readonly string[] =>
  text.split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()]));

function ofNode(picture: ClusterPicture, network: PodNetwork): ReadonlyMap<string, Origin> {
  const nec = necOf(picture, network.node);
  const record = nec?.status?.securityGroups;
  if (nec === undefined || record?.state !== 'Managed') return new Map();
  const from = {
    flag: `the list of ipamd (--security-groups) at the time the node joined`,
    instance: `inherited from ${primaryEniText(picture, nec)} when the node joined`,
    user: 'written into the nec by somebody',
  }[record.origin ?? 'instance'];
  const list = record.inForce ?? nec.spec.securityGroups ?? [];
  const why = `spec.securityGroups of nec ${nec.metadata.name}: ${from}; every Pod of this ENI has it`;
  return new Map(list.map((id) => [id, { origin: 'node', why }]));
}

function primaryEniText({ cloud }: ClusterPicture, { spec }: NodeEniConfig): string {
  const primary = cloud?.enis.find(
    ({ kind, attachment }) => kind === 'primary' && attachment?.instanceId === spec.instanceID,
  );
  return `the primary ENI ${primary === undefined ? '' : `${primary.eniId} `}of instance ${spec.instanceID ?? ''}`;
}

export const necOf = ({ kube }: ClusterPicture, node: string | undefined): NodeEniConfig | undefined =>
  kube.nodeEniConfigs.find(({ metadata }) => metadata.name === node);

/** A group that is bound and that nothing of the cluster names. */
function strangerOf(picture: ClusterPicture, network: PodNetwork): Origin {
  switch (network.kind) {
    case 'host':
      return { origin: 'instance', why: `the primary ENI of node ${network.node ?? ''}: the Pod is on its network` };
    case 'super-node':
      return {
        origin: 'super-node',
        why: `the platform bound it: the default of super node ${network.node ?? ''}, or its own annotation`,
      };
    case 'sub-eni':
      return { origin: 'hand', why: 'bound in the cloud by somebody else: nothing of the cluster asks for it' };
    case 'shared':
    case 'exclusive': {
      const state = necOf(picture, network.node)?.status?.securityGroups?.state;
      return state === 'Managed'
        ? { origin: 'hand', why: 'bound in the cloud by somebody else: the nec of the node does not list it' }
        : {
            origin: 'instance',
            why: `as the ENI was made, from the instance of the node: node security groups are ${state === 'Disabled' ? 'disabled by annotation' : state === 'Blocked' ? 'blocked, see the nec' : 'not managed'}`,
          };
    }
  }
}
