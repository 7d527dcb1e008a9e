// Document 000 as a program: permission, flags, yes and no, kubectl get and edit; each outcome in the cloud and by packets.
import { annotations, resourceNames } from '../../src/api/keys.ts';
import { gate } from '../../src/api/version-gates.ts';
import { nodes as nodeResource } from '../../src/kube/resources.ts';
import { NODE_GROUP, NODE_SHUT_GROUP, NODE_WEB_GROUP } from '../layout.ts';
import type { LabNode } from '../nodes.ts';
import { NODE_GROUPS_POLICY, SUB_ENI_POLICY } from '../permissions.ts';
import {
  annotateNode,
  editIpamdArgs,
  ipamdContainer,
  ipamdPod,
  printedGroups,
  swapGroups,
} from './document-commands.ts';
import { boundGroups, eventOnEach, ipamdLog } from './ipamd-says.ts';
import { cloudEnis, groupsReported, instanceGroups, necOf, type ReportOptions } from './node-eni-groups.ts';
import { type Reach, reach } from './reach.ts';
import type { Story, StoryContext } from './story.ts';

const NAMESPACE = 'node-groups';
const WEB = NODE_WEB_GROUP.securityGroupId;
const SHUT = NODE_SHUT_GROUP.securityGroupId;
/** Nobody listens there: refused where no group filters, timed out where one does. */
const UNNAMED_PORT = 8080;

/** More addresses than one ENI of the lab's model holds. */
const MANY = 12;

const ENABLE = '--enable-security-groups';
const listOf = (...groups: readonly string[]): string => `--security-groups=${groups.join(',')}`;

export const nodeSecurityGroups: Story = {
  name: 'node-security-groups',
  document: '000',
  title: 'the ENIs that a node makes for its Pods get security groups',
  lab: { superNodes: 0, grants: [SUB_ENI_POLICY] },
  run: async (context) => {
    const general = context.lab.nodes.filter((node) => node.kind === 'general');
    const [first, second] = general;
    if (first === undefined || second === undefined) throw new Error('the lab has fewer than two general nodes');
    await preconditions(context, general);
    await startPods(context, general);
    await enableWithoutPermission(context, general);
    await givePermission(context, general);
    await lookAtTheNec(context, first);
    const third = await changeTheFlag(context, general);
    await yesAndNo(context, first, second);
    await editTheNec(context, first, second);
    await addAnEni(context, first);
    await inherit(context, second, third);
    await driftAndLog(context, [first, second, third]);
    await deletePods(context);
  },
};

async function preconditions(context: StoryContext, general: readonly LabNode[]): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    'preconditions: ipamd is new enough, the feature is off, and the nodes share their ENIs among Pods',
    async () => {
      const { image, args } = await ipamdContainer(context);
      const tag = image.split(':').at(-1) ?? '';
      expect('the version is v3.2.0 or newer', gate('nodeSecurityGroups', tag), { open: true });
      expect(
        'arguments that switch it on',
        args.filter((argument) => argument.startsWith(ENABLE)),
        [],
      );
      const { items } = await lab.client.list(nodeResource);
      const offers = general.map(
        (node) => items.find(({ metadata }) => metadata.name === node.name)?.status?.allocatable?.[resourceNames.eniIp],
      );
      expect('nodes that offer shared addresses', offers.filter((count) => Number(count) > 0).length, general.length);
      return { seen: `${tag}, ${resourceNames.eniIp} ${offers.join(' and ')}` };
    },
  );
}

async function startPods(context: StoryContext, general: readonly LabNode[]): Promise<void> {
  const { lab, step, expect } = context;
  await step('ordinary Pods on every node', async () => {
    await lab.createNamespace(NAMESPACE);
    await lab.applyFile('examples/node-security-groups/pods.yaml');
    const web = await lab.runningPods(NAMESPACE, 'app=web', general.length);
    await lab.runningPods(NAMESPACE, 'app=client', general.length);
    const limits = web.map((pod) => pod.spec.containers[0]?.resources?.limits?.[resourceNames.eniIp]);
    expect(
      'the resource that counts them',
      limits,
      general.map(() => '1'),
    );
    return { seen: web.map((pod) => `${pod.status?.podIP} on ${pod.spec.nodeName}`).join(', ') };
  });
  await step('off: their ENIs have no group, and every port of every Pod is reached', async () => {
    for (const node of general) await isBound(context, node, []);
    return expectReach(context, general, { web: 'answers', other: 'refused' });
  });
}

async function enableWithoutPermission(context: StoryContext, general: readonly LabNode[]): Promise<void> {
  const { lab, step } = context;
  await step(`kubectl edit deploy: ${ENABLE} and ${listOf(WEB)}, before the role may; ipamd restarts by itself`, () =>
    editIpamdArgs(context, [ENABLE, listOf(WEB)]).then(() => ({})),
  );
  await step('an event on each node names the action, the policy and the role that it lacks', async () => {
    const words = [
      'cvm:AssociateNetworkInterfaceSecurityGroups',
      NODE_GROUPS_POLICY.policyName,
      ...NODE_GROUPS_POLICY.roles,
    ];
    const seen = await eventOnEach(lab, general, words);
    for (const node of general) await isBound(context, node, []);
    return { seen };
  });
}

async function givePermission(context: StoryContext, general: readonly LabNode[]): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    `policy ${NODE_GROUPS_POLICY.policyName} is created and attached to ${NODE_GROUPS_POLICY.roles.join()}`,
    async () => {
      const { policyName, document, roles } = NODE_GROUPS_POLICY;
      await lab.cloud.call('cam', 'CreatePolicy', { PolicyName: policyName, PolicyDocument: document });
      for (const role of roles)
        await lab.cloud.call('cam', 'AttachRolePolicy', { AttachRoleName: role, PolicyName: policyName });
      return {};
    },
  );
  await step('the ENIs that exist are bound, without another restart', async () => {
    const pod = await ipamdPod(context);
    for (const node of general) await becomesBound(context, node, [WEB]);
    expect('the Pod of ipamd', (await ipamdPod(context)).metadata.uid, pod.metadata.uid);
    return {};
  });
  await step('between the nodes the open port answers and every other one times out', () =>
    expectReach(context, general, { web: 'answers', other: 'timed out' }),
  );
}

async function lookAtTheNec(context: StoryContext, node: LabNode): Promise<void> {
  const { lab, step, expect } = context;
  await step(`kubectl get nec ${node.name} -oyaml shows the groups of the node`, async () => {
    expect('spec.securityGroups', await printedGroups(context, node), [WEB]);
    const nec = await necOf(lab, node, 'to be managed', ({ status }) => status?.securityGroups?.state === 'Managed');
    expect('where they come from', nec.status?.securityGroups?.origin, 'flag');
    return {};
  });
}

async function changeTheFlag(context: StoryContext, general: readonly LabNode[]): Promise<LabNode> {
  const { lab, step, expect } = context;
  await step(`kubectl edit deploy: ${listOf(SHUT, WEB)}`, () =>
    editIpamdArgs(context, [listOf(SHUT, WEB)]).then(() => ({})),
  );
  const third = await step(
    'a new node follows the new list, in its order: what the first group shuts stays shut',
    async () => {
      const node = await lab.addNode();
      await lab.runningPods(NAMESPACE, 'app=web', general.length + 1);
      await lab.runningPods(NAMESPACE, 'app=client', general.length + 1);
      await becomesBound(context, node, [SHUT, WEB]);
      await expectReach(context, [node], { web: 'timed out', other: 'timed out' });
      return { ...node, seen: node.name };
    },
  );
  await step('the nodes that had groups keep them', async () => {
    for (const node of general) {
      expect(`spec.securityGroups of ${node.name}`, (await necOf(lab, node, '')).spec.securityGroups, [WEB]);
      await isBound(context, node, [WEB]);
    }
    return expectReach(context, general, { web: 'answers', other: 'timed out' });
  });
  return third;
}

async function yesAndNo(context: StoryContext, node: LabNode, other: LabNode): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    `kubectl annotate node ${node.name} --overwrite ...="yes": its ENIs lose every group and pass everything`,
    async () => {
      await annotateNode(context, node, 'yes');
      await becomesBound(context, node, []);
      await necOf(lab, node, 'to be disabled', ({ status }) => status?.securityGroups?.state === 'Disabled');
      await expectReach(context, [other], { web: 'answers', other: 'timed out' });
      return expectReach(context, [node], { web: 'answers', other: 'refused' });
    },
  );
  await step(
    `kubectl annotate node ${node.name} --overwrite ...="no": bound anew, to the list that holds now`,
    async () => {
      await annotateNode(context, node, 'no');
      await becomesBound(context, node, [SHUT, WEB]);
      expect('spec.securityGroups', await printedGroups(context, node), [SHUT, WEB]);
      return expectReach(context, [node], { web: 'timed out', other: 'timed out' });
    },
  );
}

async function editTheNec(context: StoryContext, node: LabNode, other: LabNode): Promise<void> {
  const { lab, step, expect } = context;
  await step(`kubectl edit nec ${node.name}: the other order, at once`, async () => {
    await swapGroups(context, node, [SHUT, WEB]);
    await becomesBound(context, node, [WEB, SHUT], { timeoutMs: 10_000 });
    const nec = await necOf(
      lab,
      node,
      'to tell of the edit',
      ({ status }) => status?.securityGroups?.origin === 'user',
    );
    expect('spec.securityGroups', nec.spec.securityGroups, [WEB, SHUT]);
    await isBound(context, other, [WEB]);
    return expectReach(context, [node], { web: 'answers', other: 'timed out' });
  });
}

async function addAnEni(context: StoryContext, node: LabNode): Promise<void> {
  const { lab, step } = context;
  await step(`a further ENI of ${node.name}, for ${MANY} addresses, has the node's groups too`, async () => {
    const wish = { metadata: { annotations: { [annotations.desiredRouteEniPodNum]: String(MANY) } } };
    await lab.client.patch(nodeResource, node.name, { type: 'merge', body: wish });
    await becomesBound(context, node, [WEB, SHUT], { enis: 2 });
    return { seen: (await cloudEnis(lab, node)).map((eni) => eni.eniId).join(' and ') };
  });
}

async function inherit(context: StoryContext, node: LabNode, other: LabNode): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    'kubectl edit deploy: without --security-groups; yes and no: the node inherits the groups of its instance',
    async () => {
      await editIpamdArgs(context, [], ['--security-groups']);
      await annotateNode(context, node, 'yes');
      await becomesBound(context, node, []);
      await annotateNode(context, node, 'no');
      const inherited = await instanceGroups(lab, node);
      expect('groups of the instance', inherited, [NODE_GROUP.securityGroupId]);
      await becomesBound(context, node, inherited);
      const nec = await necOf(lab, node, 'to tell', ({ status }) => status?.securityGroups?.origin === 'instance');
      expect('spec.securityGroups', nec.spec.securityGroups, inherited);
      await isBound(context, other, [SHUT, WEB]);
      return expectReach(context, [node], { web: 'answers', other: 'refused' });
    },
  );
}

async function driftAndLog(context: StoryContext, all: readonly LabNode[]): Promise<void> {
  const { lab, step, expect } = context;
  const [drifted] = all;
  await step('groups that somebody took off in the console are back after the next node sync', async () => {
    if (drifted === undefined) throw new Error('no node');
    const [eni] = await cloudEnis(lab, drifted);
    const before = await ipamdPod(context);
    await lab.cloud.call('vpc', 'DisassociateNetworkInterfaceSecurityGroups', {
      NetworkInterfaceIds: [eni?.eniId],
      SecurityGroupIds: [WEB],
    });
    expect('groups after the hand in the console', (await cloudEnis(lab, drifted))[0]?.groups, [SHUT]);
    await lab.killProgram('tke-eni-ipamd', 'SIGKILL');
    await untilCloudHas(context, drifted, [WEB, SHUT]);
    expect('the Pod of ipamd', (await ipamdPod(context)).metadata.uid, before.metadata.uid);
    await expectReach(context, [drifted], { web: 'answers', other: 'timed out' });
    return {};
  });
  await step(
    "document 003's pipeline over ipamd's log prints what is bound, a line for each ENI that was looked at",
    async () => {
      const printed = boundGroups(await ipamdLog(context));
      const inCloud = (await Promise.all(all.map((node) => cloudEnis(lab, node)))).flat();
      const lists = new Set(inCloud.map((eni) => eni.groups.join(',')));
      expect(
        'lines of which the cloud knows nothing',
        printed.filter((line) => !lists.has(line)),
        [],
      );
      for (const list of lists) expect(`a line says ${list}`, printed.includes(list), true);
      return { seen: `${printed.length} lines, e.g. ${printed[0] ?? ''}` };
    },
  );
}

async function deletePods({ lab, step }: StoryContext): Promise<void> {
  await step('the Pods are deleted', () => lab.deleteNamespace(NAMESPACE).then(() => ({})));
}

/** Waits until ipamd reports these groups on every ENI of the node, and looks whether the cloud has them, in their order. */
async function becomesBound(
  context: StoryContext,
  node: LabNode,
  groups: readonly string[],
  options?: ReportOptions,
): Promise<void> {
  await groupsReported(context.lab, node, groups, options);
  await isBound(context, node, groups);
}

async function isBound({ lab, expect }: StoryContext, node: LabNode, groups: readonly string[]): Promise<void> {
  const enis = await cloudEnis(lab, node);
  expect(`whether ${node.name} has auxiliary ENIs`, enis.length > 0, true);
  for (const eni of enis) expect(`groups of ${eni.eniId} on ${node.name}`, eni.groups, groups);
}

/** Every client on another node tries every web Pod of `targets`, on the web port and on one that no group names. */
async function expectReach(
  { lab, expect }: StoryContext,
  targets: readonly LabNode[],
  wanted: { readonly web: Reach; readonly other: Reach },
): Promise<{ seen: string }> {
  const general = lab.nodes.filter((node) => node.kind === 'general').length;
  const web = await lab.runningPods(NAMESPACE, 'app=web', general);
  const clients = await lab.runningPods(NAMESPACE, 'app=client', general);
  const pairs = web
    .filter((pod) => targets.some((node) => node.name === pod.spec.nodeName))
    .flatMap((to) => clients.filter((pod) => pod.spec.nodeName !== to.spec.nodeName).map((from) => ({ from, to })));
  const tried = await Promise.all(
    pairs.flatMap(({ from, to }) =>
      ([80, UNNAMED_PORT] as const).map(async (port) => ({ from, to, port, is: await reach(lab, from, to, port) })),
    ),
  );
  for (const { from, to, port, is } of tried)
    expect(
      `port ${port} on ${to.spec.nodeName} from ${from.spec.nodeName}`,
      is,
      port === 80 ? wanted.web : wanted.other,
    );
  return { seen: `${pairs.length} pairs, port 80 ${wanted.web}, port ${UNNAMED_PORT} ${wanted.other}` };
}

/** Looks again after every change of groups in the cloud, until the node's ENIs have these; gives up after a minute. */
async function untilCloudHas({ lab, expect }: StoryContext, node: LabNode, groups: readonly string[]): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const unlisten = lab.simulator.onRequest(({ action }) => {
      if (action.endsWith('NetworkInterfaceSecurityGroups')) changed.resolve();
    });
    limit.addEventListener('abort', () => changed.resolve(), { once: true });
    try {
      const found = (await cloudEnis(lab, node)).map((eni) => eni.groups);
      if (found.every((list) => list.join(',') === groups.join(','))) return;
      if (limit.aborted) expect(`groups on ${node.name} after a minute`, found, [groups]);
      await changed.promise;
    } finally {
      unlisten();
    }
  }
}
