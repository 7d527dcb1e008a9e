// Document 002, Features: Pods with groups of their own beside Pods that share their node's ENI, and whose groups count when the node's have some.
import { annotations, resourceNames } from '../../src/api/keys.ts';
import { nodeEniConfigs } from '../../src/api/node-eni-config.ts';
import { vpcEnis } from '../../src/api/vpc-eni.ts';
import { deployments, type Pod } from '../../src/kube/resources.ts';
import { NODE_SHUT_GROUP } from '../layout.ts';
import { waitForObjects } from '../wait.ts';
import { annotateNode } from './document-commands.ts';
import { reach, reachOnceItListens } from './reach.ts';
import type { StoryContext } from './story.ts';
import { modifyGlobalConfigurations } from './trunk-preparation.ts';

interface Parts {
  readonly namespace: string;
  /** With the group of the policy. */
  readonly web: Pod;
  readonly sameNode: Pod;
  readonly otherNode: Pod;
}

/** Leaves the nodes and the namespace as it found them. */
export async function besideOrdinaryPods(context: StoryContext, parts: Parts): Promise<void> {
  const { lab } = context;
  const ordinary = await coexist(context, parts);
  await precedence(context, parts, ordinary);
  await lab.client.delete(deployments, 'ordinary', { namespace: parts.namespace, propagationPolicy: 'Background' });
}

async function coexist({ lab, step, expect }: StoryContext, parts: Parts): Promise<Pod> {
  const { namespace, web, sameNode, otherNode } = parts;
  return step('a Pod that no policy matches shares an ENI of its node, and both kinds reach each other', async () => {
    await lab.applyFile('examples/pod-security-groups-trunk/ordinary.yaml');
    const [pod] = await lab.runningPods(namespace, 'app=ordinary', 1);
    if (pod === undefined) throw new Error('no ordinary Pod');
    expect('its resource', pod.spec.containers[0]?.resources?.limits?.[resourceNames.eniIp], '1');
    expect(annotations.securityGroupId, pod.metadata.annotations?.[annotations.securityGroupId] ?? 'none', 'none');
    const { items } = await lab.client.list(vpcEnis);
    expect('VpcENI objects of its own', items.filter((eni) => eni.spec.pod?.uid === pod.metadata.uid).length, 0);
    for (const client of [sameNode, otherNode])
      expect(`from ${client.metadata.name}`, await reachOnceItListens(lab, client, pod, 80), 'answers');
    expect('to the Pod with groups', await reach(lab, pod, web, 80), 'answers');
    return { ...pod, seen: `${pod.status?.podIP} on ${pod.spec.nodeName}` };
  });
}

async function precedence(context: StoryContext, parts: Parts, ordinary: Pod): Promise<void> {
  const { lab, step, expect } = context;
  const { web, sameNode, otherNode } = parts;
  const shut = NODE_SHUT_GROUP.securityGroupId;
  const general = lab.nodes.filter(({ kind }) => kind === 'general');
  const bound = (groups: readonly string[]): Promise<unknown> =>
    waitForObjects(
      lab.client,
      nodeEniConfigs,
      (all) =>
        all.every(
          ({ status }) => status?.eniInfos?.every((eni) => eni.securityGroups.join() === groups.join()) === true,
        ),
      { what: `[${groups.join()}] on the ENIs of the nodes` },
    );
  const nodeGroups = (values: object): Promise<void> =>
    modifyGlobalConfigurations(context, { vpcCni: { securityGroups: values } });
  await step(
    'the nodes get a group that shuts port 80: it holds for the ordinary Pod; the policy outranks it',
    async () => {
      await nodeGroups({ enableSecurityGroups: true, securityGroups: shut });
      await bound([shut]);
      const stranger = ordinary.spec.nodeName === sameNode.spec.nodeName ? otherNode : sameNode;
      expect('the ordinary Pod, from another node', await reach(lab, stranger, ordinary, 80), 'timed out');
      expect('the Pod with the policy, from another node', await reach(lab, otherNode, web, 80), 'answers');
      return {};
    },
  );
  await step('the groups of the nodes are taken off again', async () => {
    for (const node of general) await annotateNode(context, node, 'yes');
    await bound([]);
    await nodeGroups({ enableSecurityGroups: false, securityGroups: '' });
    return {};
  });
}
