// Document 001 as a program: a group for Pods of super nodes, its rules, the policy, the application, names and packets, and the end of all of it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { annotations, resourceNames } from '../../src/api/keys.ts';
import { securityGroupPolicies, type SecurityGroupPolicy } from '../../src/api/security-group-policy.ts';
import { vpcEnis } from '../../src/api/vpc-eni.ts';
import { configMaps, nodes, type Pod, pods } from '../../src/kube/resources.ts';
import { superNodeFacts, superNodeRequirements } from '../../src/planning/super-node-requirements.ts';
import { documentLines } from '../cloud/recorded-tccli.ts';
import { applyObject } from '../install.ts';
import { CLUSTER_ID, NODE_GROUP, REGION, VPC } from '../layout.ts';
import { loadYaml } from '../manifests.ts';
import { waitForObjects } from '../wait.ts';
import type { Story, StoryContext } from './story.ts';
import { enisBy, eventOf, execIn, rulesFor } from './super-node-pods.ts';
import { openTccliDesk, type TccliDesk } from './tccli.ts';

const NAMESPACE = 'my-namespace';
const APP = 'app=my-app';
const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'pod-security-groups-super-node');
const GROUP_FILTER = 'groups.security-group-id';
/** curl's exit codes (curl(1), EXIT CODES). */
const CURL = { answers: 0, noSuchName: 6, timedOut: 28 } as const;
/** Longer than a stub resolver tries. */
const PATIENT = ['--silent', '--show-error', '--noproxy', '*', '--max-time', '50'];
const NGINX = 'Welcome to nginx!';

/** What the document keeps in shell variables. */
interface Ids {
  readonly clusterGroup: string;
  readonly podGroup: string;
}

export const podSecurityGroupsSuperNode: Story = {
  name: 'pod-security-groups-super-node',
  document: '001',
  title: 'Pods on super nodes get a security group of their own',
  run: async (context) => {
    const desk = openTccliDesk(context);
    await requirements(context);
    const ids = await makeTheGroup(context, desk);
    await deployThePolicy(context, ids);
    const [first, second] = await deployTheApplication(context, ids);
    await useIt(context, first, second);
    await elsewhere(context, ids, first);
    await withoutNames(context, desk, ids, { first, second });
    await cleanUp(context, desk, ids);
  },
};

async function requirements({ lab, step, expect }: StoryContext): Promise<void> {
  await step('limitations: the cluster is new enough and not dual-stack, and it has a super node', async () => {
    const version = z.object({ gitVersion: z.string() }).parse(await lab.client.request('GET', '/version')).gitVersion;
    const { items } = await lab.client.list(nodes);
    const facts = superNodeFacts(items, { clusterVersion: version, region: REGION });
    expect('requirements that are not met', superNodeRequirements(facts), []);
    return { seen: `${version}, ${facts.superNodes} super node` };
  });
  await step(
    'the add-on SecurityGroupPolicy is installed; Trunking, which document 001 does not know, is off',
    async () => {
      const which = { ClusterId: CLUSTER_ID, AddonName: 'securitygrouppolicy' };
      const answer = z
        .object({ Addons: z.array(z.object({ Phase: z.string() })) })
        .parse(await lab.cloud.call('tke', 'DescribeAddon', which));
      expect('phase of the add-on', answer.Addons[0]?.Phase, 'Succeeded');
      const RawValues = Buffer.from(JSON.stringify({ vpcCni: { trunkingEni: { enableSubEni: false } } })).toString(
        'base64',
      );
      const update = { ClusterId: CLUSTER_ID, AddonName: 'eniipamd', RawValues, UpdateStrategy: 'merge' };
      await lab.cloud.call('tke', 'UpdateAddon', update);
      await waitForObjects(
        lab.client,
        configMaps,
        (all) => all.some((map) => map.data?.['vpcCni.trunkingEni.enableSubEni'] === 'false'),
        { namespace: 'kube-system', what: 'the add-on value in the cluster' },
      );
      return {};
    },
  );
}

async function makeTheGroup({ lab, step, expect }: StoryContext, desk: TccliDesk): Promise<Ids> {
  const { clusterGroup } = await step('step 1a: the ids of the cluster’s VPC and of its security group', async () => {
    const vpc = await desk.type(documentLines.vpcOfCluster(CLUSTER_ID));
    const group = await desk.type(documentLines.clusterGroup(CLUSTER_ID));
    expect('VPC', vpc, VPC.vpcId);
    expect('group', group, NODE_GROUP.securityGroupId);
    return { clusterGroup: group, seen: `${vpc} ${group}, ${desk.how}` };
  });
  const { podGroup } = await step('step 1b: a group for the Pods', async () => {
    await desk.type(documentLines.createGroup());
    const group = await desk.type(documentLines.podGroup());
    expect('an id', /^sg-[0-9a-z]{8}$/.test(group), true);
    return { podGroup: group, seen: group };
  });
  const ids: Ids = { clusterGroup, podGroup };
  await step('step 1c: the group of the cluster lets its Pods ask the DNS, by UDP and TCP', async () => {
    for (const protocol of ['UDP', 'TCP'] as const)
      await desk.type(documentLines.allowDns(ids.clusterGroup, ids.podGroup, protocol));
    expect('rules of the cluster’s group', await rulesFor(lab, ids.clusterGroup, ids.podGroup), ['tcp 53', 'udp 53']);
    return {};
  });
  await step('step 1d: its Pods reach each other, and everything outbound', async () => {
    await desk.type(documentLines.allowPods(ids.podGroup));
    await desk.type(documentLines.allowOut(ids.podGroup));
    expect('rules of the group for itself', await rulesFor(lab, ids.podGroup, ids.podGroup), ['all all']);
    return {};
  });
  return ids;
}

/** `kubectl apply -f FILE`; the group's id stands where the document has its variable. */
async function apply({ lab, kubectl, expect }: StoryContext, file: string, ids: Ids): Promise<void> {
  const text = await readFile(join(EXAMPLES, file), 'utf8');
  const path = join(lab.stateDir, file);
  await writeFile(path, text.replaceAll('$my_pod_security_group_id', ids.podGroup));
  if (kubectl.kind === 'present') {
    const { code, stderr } = await kubectl.run('apply', '-f', path);
    expect(`exit code of kubectl apply (${stderr.trim()})`, code, 0);
    return;
  }
  for (const object of await loadYaml(path)) await applyObject(lab.client, object);
}

async function deployThePolicy(context: StoryContext, ids: Ids): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  await step('step 2: kubectl create namespace', async () => {
    if (kubectl.kind === 'absent') return lab.createNamespace(NAMESPACE).then(() => ({ seen: kubectl.reason }));
    const { code, stderr } = await kubectl.run('create', 'namespace', NAMESPACE);
    expect(`exit code (${stderr.trim()})`, code, 0);
    return { seen: `kubectl ${kubectl.version}` };
  });
  await step(
    'step 3: kubectl apply of the policy; it is taken, and its status says where the groups hold',
    async () => {
      await apply(context, 'policy.yaml', ids);
      const says = (policy: SecurityGroupPolicy, type: string): string =>
        policy.status?.conditions?.find((condition) => condition.type === type)?.status ?? 'absent';
      const wanted = {
        Accepted: 'True',
        GroupsResolved: 'True',
        SuperNodesAvailable: 'True',
        TrunkingAvailable: 'False',
      };
      await waitForObjects(
        lab.client,
        securityGroupPolicies,
        (all) => Object.entries(wanted).every(([type, status]) => all.some((policy) => says(policy, type) === status)),
        {
          namespace: NAMESPACE,
          what: `the conditions ${JSON.stringify(wanted)}`,
          describe: (all) => JSON.stringify(all.map((policy) => policy.status?.conditions)),
        },
      );
      return {};
    },
  );
}

async function deployTheApplication(context: StoryContext, ids: Ids): Promise<readonly [Pod, Pod]> {
  const { lab, step, expect } = context;
  const { both } = await step('steps 4 and 5: the application runs on the super node', async () => {
    await apply(context, 'application.yaml', ids);
    const [one, other] = await lab.runningPods(NAMESPACE, APP, 2);
    if (one === undefined || other === undefined) throw new Error('no two Pods');
    const superNodes = lab.nodes.filter((node) => node.kind === 'super').map((node) => node.name);
    for (const pod of [one, other])
      expect(`${pod.metadata.name} is on a super node`, superNodes.includes(pod.spec.nodeName ?? ''), true);
    return { both: [one, other] as const, seen: named(one, other) };
  });
  await step('the Pods carry the mark of super nodes and none of document 002; no VpcENI is made', async () => {
    for (const { metadata, spec } of both) {
      expect(annotations.eksSecurityGroupId, metadata.annotations?.[annotations.eksSecurityGroupId], ids.podGroup);
      expect(annotations.networks, metadata.annotations?.[annotations.networks], undefined);
      expect(annotations.securityGroupId, metadata.annotations?.[annotations.securityGroupId], undefined);
      expect('sub-ENIs asked for', spec.containers[0]?.resources?.limits?.[resourceNames.subEni], undefined);
    }
    const { items } = await lab.client.list(vpcEnis);
    expect('VpcENIs of Pods', items.filter((eni) => eni.spec.type === 'SubENI').length, 0);
    return {};
  });
  await step('in the cloud each Pod has an ENI of its own, with the group and no other', async () => {
    const wanted = both.map((pod) => ({ ip: pod.status?.podIP ?? '', groups: [ids.podGroup] }));
    const sorted = wanted.toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
    expect('ENIs of the group', await enisBy(lab, GROUP_FILTER, ids.podGroup), sorted);
    return { seen: sorted.map(({ ip }) => ip).join(' and ') };
  });
  return both;
}

const named = (...two: readonly Pod[]): string =>
  two.map((pod) => `${pod.metadata.name} ${pod.status?.podIP}`).join(', ');

async function useIt(context: StoryContext, first: Pod, second: Pod): Promise<void> {
  const { step, expect } = context;
  await step(
    'steps 6 and 7: inside a Pod, curl my-app gets nginx’s page: name, Service and group let it through',
    async () => {
      const { code, stdout, stderr } = await execIn(context, first, 'curl', ...PATIENT, 'my-app');
      expect(`exit code of curl (${stderr.trim()})`, code, CURL.answers);
      expect('nginx’s page', stdout.includes(NGINX), true);
      return {};
    },
  );
  await step('its Pods reach each other by address, both ways', async () => {
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const)
      expect(`${from.metadata.name} to ${to.metadata.name}`, await curl(context, from, to), CURL.answers);
    return {};
  });
}

async function curl(context: StoryContext, from: Pod, to: Pod): Promise<number> {
  const limits = ['--silent', '--noproxy', '*', '--connect-timeout', '2', '--max-time', '8'];
  return (await execIn(context, from, 'curl', ...limits, `http://${to.status?.podIP}/`)).code;
}

/** The document's note below step 4. */
async function elsewhere(context: StoryContext, ids: Ids, member: Pod): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  const { pod } = await step('a Pod that lands on a general node runs without the group, and is told so', async () => {
    await apply(context, 'elsewhere.yaml', ids);
    const running = (await lab.runningPods(NAMESPACE, APP, 3)).find(({ metadata }) => metadata.name === 'elsewhere');
    if (running === undefined) throw new Error('Pod elsewhere does not run');
    const { items } = await lab.client.list(nodes);
    const node = items.find(({ metadata }) => metadata.name === running.spec.nodeName);
    const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
    const words = `security groups is only support super node, node ${address} is not super node`;
    await eventOf(lab, running, words);
    if (kubectl.kind === 'present') {
      const { stdout } = await kubectl.run('describe', 'pod', '-n', NAMESPACE, 'elsewhere');
      expect('kubectl describe pod says it', stdout.includes(words), true);
    }
    const [resources] = running.spec.containers.map((container) => container.resources?.limits);
    expect('it counts as an ordinary Pod', resources?.[resourceNames.eniIp], '1');
    expect('it asks for no sub-ENI', resources?.[resourceNames.subEni], undefined);
    expect('ENIs of the group', (await enisBy(lab, GROUP_FILTER, ids.podGroup)).length, 2);
    return { pod: running, seen: words };
  });
  await step('so the group does not let it in: its connection to a member times out', async () => {
    expect('exit code of curl', await curl(context, pod, member), CURL.timedOut);
    await lab.client.delete(pods, 'elsewhere', { namespace: NAMESPACE });
    await lab.runningPods(NAMESPACE, APP, 2);
    return {};
  });
}

async function withoutNames(
  context: StoryContext,
  desk: TccliDesk,
  ids: Ids,
  { first, second }: { readonly first: Pod; readonly second: Pod },
): Promise<void> {
  const { lab, step, expect } = context;
  await step('step 8: the two rules for the DNS are deleted', async () => {
    for (const protocol of ['UDP', 'TCP'] as const)
      await desk.type(documentLines.forbidDns(ids.clusterGroup, ids.podGroup, protocol));
    expect('rules of the cluster’s group', await rulesFor(lab, ids.clusterGroup, ids.podGroup), []);
    return {};
  });
  await step('step 9: the name is not found any more', async () => {
    const { code, stderr } = await execIn(context, first, 'curl', ...PATIENT, 'my-app');
    expect('exit code of curl', code, CURL.noSuchName);
    expect('curl’s words', stderr.includes('Could not resolve host: my-app'), true);
    return {};
  });
  await step('step 9: the address still answers', async () => {
    expect('exit code of curl', await curl(context, first, second), CURL.answers);
    return {};
  });
}

async function cleanUp(context: StoryContext, desk: TccliDesk, ids: Ids): Promise<void> {
  const { lab, kubectl, step, expect } = context;
  const tried = (): number =>
    lab.simulator.requestLog().filter(({ action }) => action === 'DeleteSecurityGroup').length;
  await step('step 10: kubectl delete namespace, and at once the group, at the first try', async () => {
    if (kubectl.kind === 'absent') await lab.deleteNamespace(NAMESPACE);
    else {
      const { code, stderr } = await kubectl.run('delete', 'namespace', NAMESPACE);
      expect(`exit code of kubectl delete (${stderr.trim()})`, code, 0);
    }
    await desk.type(documentLines.deleteGroup(ids.podGroup));
    expect('calls that delete a group', tried(), 1);
    return {};
  });
  await step('nothing is left: no group, no ENI of a Pod, no Pod', async () => {
    expect('the group by its name', await desk.type(documentLines.podGroup()), '');
    expect('ENIs in the subnet of super nodes', await enisBy(lab, 'subnet-id', 'subnet-super003'), []);
    expect('Pods', (await lab.client.list(pods, { namespace: NAMESPACE })).items.length, 0);
    return {};
  });
}
