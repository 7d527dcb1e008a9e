// What document 001's Pods are in the cloud and in the cluster, and what is typed inside them.
import { z } from 'zod';
import { events, type Pod } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { ExecResult } from '../host/types.ts';
import type { Lab } from '../lab.ts';
import { waitForObjects } from '../wait.ts';
import type { StoryContext } from './story.ts';

const eniAnswer = z.object({
  NetworkInterfaceSet: z.array(
    z.object({
      GroupSet: z.array(z.string()),
      PrivateIpAddressSet: z.array(z.object({ PrivateIpAddress: z.string() })),
    }),
  ),
});

export interface CloudMachine {
  readonly ip: string;
  /** In order of priority. */
  readonly groups: readonly string[];
}

/** The ENIs that the cloud lists by one filter, by address. */
export async function enisBy(lab: Lab, filter: string, value: string): Promise<readonly CloudMachine[]> {
  const body = { Filters: [{ Name: filter, Values: [value] }], Limit: 100 };
  const { NetworkInterfaceSet } = eniAnswer.parse(await lab.cloud.call('vpc', 'DescribeNetworkInterfaces', body));
  return NetworkInterfaceSet.map((eni) => ({
    ip: eni.PrivateIpAddressSet[0]?.PrivateIpAddress ?? '',
    groups: eni.GroupSet,
  })).toSorted((one, other) => (one.ip < other.ip ? -1 : 1));
}

const policyAnswer = z.object({
  SecurityGroupPolicySet: z.object({
    Ingress: z.array(z.object({ Protocol: z.string(), Port: z.string(), SecurityGroupId: z.string() })),
  }),
});

/** Inbound rules of a group that name another group: `udp 53`, sorted. */
export async function rulesFor(lab: Lab, group: string, peer: string): Promise<readonly string[]> {
  const answer = await lab.cloud.call('vpc', 'DescribeSecurityGroupPolicies', { SecurityGroupId: group });
  return policyAnswer
    .parse(answer)
    .SecurityGroupPolicySet.Ingress.filter((rule) => rule.SecurityGroupId === peer)
    .map((rule) => `${rule.Protocol} ${rule.Port}`.toLowerCase())
    .toSorted();
}

/** Words of kubectl when the API server has no kubelet to ask, as a real one in front of the lab's nodes. */
const NO_KUBELET = /^(Error from server|error: unable to upgrade connection)/m;

/** `kubectl exec -n NAMESPACE POD -- ...`; where kubectl or a kubelet that it reaches is missing, the same command inside the same Pod. */
export async function execIn({ lab, kubectl }: StoryContext, pod: Pod, ...argv: string[]): Promise<ExecResult> {
  if (kubectl.kind === 'present') {
    const { name, namespace = 'default' } = pod.metadata;
    const answer = await kubectl.run('exec', '-n', namespace, name, '--', ...argv);
    if (!NO_KUBELET.test(answer.stderr)) return answer;
  }
  return lab.exec(pod, argv);
}

interface PodEvent extends KubeObject {
  readonly involvedObject?: { readonly name?: string };
  readonly message?: string;
}

/** Waits for an event of the Pod with exactly these words. */
export async function eventOf(lab: Lab, pod: Pod, message: string): Promise<void> {
  const { name, namespace = 'default' } = pod.metadata;
  const isIt = (event: PodEvent): boolean => event.involvedObject?.name === name && event.message === message;
  await waitForObjects(lab.client, events, (all) => (all as PodEvent[]).some(isIt), {
    namespace,
    what: `the event "${message}" of Pod ${name}`,
    describe: (all) => (all as PodEvent[]).map((event) => event.message).join(' | '),
  });
}
