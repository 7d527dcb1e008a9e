// Why a Pod has no address yet, or does not run: what it waits for, and a security group that is gone.
import { decodeAdmissionDecision } from '../../api/admission-decision.ts';
import type { Pod } from '../../kube/resources.ts';
import { gapOf } from '../picture/picture.ts';
import { lookAtPod, readLog } from './next-steps.ts';
import { podName } from './party.ts';
import type { Cause, Cure } from './trace.ts';
import type { World } from './world.ts';
import { shellWord } from './commands.ts';

/** Undefined for a Pod that runs and has an address. */
export function notStarted(world: World, pod: Pod): Cause | undefined {
  const { phase, podIP } = pod.status ?? {};
  if (phase === 'Running' && podIP !== undefined && podIP !== '') return undefined;
  if (phase === 'Succeeded' || phase === 'Failed')
    return {
      code: 'PodNotStarted',
      text: `${podName(pod)} has ended (${phase}) and answers nobody`,
      cures: [],
      next: [readLog(pod, 'what it had to say')],
    };
  const own = world.vpcEnisByPod.get(pod.metadata.uid ?? '');
  const decision = decodeAdmissionDecision(pod.metadata.annotations);
  const groups = own?.spec.securityGroups ?? (decision.kind === 'decision' ? decision.decision.groups : []);
  const gone = deletedGroups(world, groups);
  if (gone.length > 0) {
    const text = `${podName(pod)} cannot start: security group ${gone.join(', ')}, which a policy gives it, does not exist any more`;
    return { code: 'GroupDeleted', text, cures: withoutGroups(world, pod, gone) };
  }
  const told = own?.status?.conditions?.find(({ status, message }) => status === 'False' && message !== '')?.message;
  const condition = pod.status?.conditions?.find(({ status, message }) => status === 'False' && (message ?? '') !== '');
  const why =
    pod.spec.nodeName === undefined
      ? (condition?.message ?? 'it is on no node yet')
      : (told ??
        (podIP === undefined ? 'it waits for its address' : (condition?.message ?? 'its containers do not run')));
  return { code: 'PodNotStarted', text: `${podName(pod)} is not started: ${why}`, cures: [], next: lookAtPod(pod) };
}

/** Only where the cloud was asked about each of them and did not know it. */
function deletedGroups(world: World, groups: readonly string[]): readonly string[] {
  const { cloud } = world.picture;
  if (cloud === undefined) return [];
  return groups.filter((id) => !cloud.groups.has(id) && gapOf(world.picture, `group ${id}`) === undefined);
}

/** Takes the groups out of each policy that gave them, and lets the Pod be made anew, since admission decides once. */
function withoutGroups(world: World, pod: Pod, gone: readonly string[]): readonly Cure[] {
  const namespace = pod.metadata.namespace ?? 'default';
  const decision = decodeAdmissionDecision(pod.metadata.annotations);
  const given = decision.kind === 'decision' ? decision.decision.policies.map(({ name }) => name) : [];
  const policies = world.picture.kube.securityGroupPolicies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === namespace &&
      given.includes(metadata.name) &&
      spec.securityGroups.groupIds.some((id) => gone.includes(id)),
  );
  const patches = policies.map(({ metadata, spec }) => {
    const groupIds = spec.securityGroups.groupIds.filter((id) => !gone.includes(id));
    const body = JSON.stringify({ spec: { securityGroups: { groupIds } } });
    return groupIds.length === 0
      ? undefined
      : `kubectl patch securitygrouppolicy ${shellWord(metadata.name)} -n ${shellWord(namespace)} --type merge -p ${shellWord(body)}`;
  });
  // A policy must keep a group: which one is not for a program to choose.
  if (patches.length === 0 || patches.includes(undefined)) return [];
  const again = `kubectl delete pod ${shellWord(pod.metadata.name)} -n ${shellWord(namespace)}`;
  return [
    {
      tool: 'kubectl',
      command: [...patches, again].join(' && '),
      note: 'admission decides once: the Pod is made anew by its workload',
    },
  ];
}
