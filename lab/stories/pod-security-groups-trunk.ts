// Document 002 as a program, in its order: permission and switch, policy and Pod, groups by packets with standard and with strict routing, the end of all of it.
import { annotations, labels, networks, resourceNames } from '../../src/api/keys.ts';
import { vpcEnis } from '../../src/api/vpc-eni.ts';
import { deployments, pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/resources.ts';
import { listSubEnis } from '../cloud-client.ts';
import { NODE_GROUP, SAMPLE_GROUP, VPC } from '../layout.ts';
import { NODE_GROUPS_POLICY } from '../permissions.ts';
import { waitForObjects } from '../wait.ts';
import { type Reach, reach } from './reach.ts';
import type { Story, StoryContext } from './story.ts';
import { besideOrdinaryPods } from './trunk-ordinary.ts';
import { exhaustTheQuota, prepare } from './trunk-preparation.ts';
import { nothingStrictIsLeft, strictRouting } from './trunk-strict.ts';

const NAMESPACE = 'my-namespace';
const WEB = 'app=my-app';
const CLIENTS = 'app=client';
/** The rule of the sample group that opens port 80, in the API's words. */
const webRule = { Protocol: 'TCP', Port: '80', CidrBlock: VPC.cidr, Action: 'ACCEPT' };

export const podSecurityGroupsTrunk: Story = {
  name: 'pod-security-groups-trunk',
  document: '002',
  title: 'a Pod on a general node gets its own security group through a Trunking ENI',
  lab: { superNodes: 0, grants: [NODE_GROUPS_POLICY] },
  run: async (context) => {
    await prepare(context);
    await applySample(context);
    const web = await lookAtThePod(context);
    await lookAtTheEni(context, web);
    await askKubectl(context, web);
    const clients = await startClients(context, web);
    await connect(context, web, clients);
    await besideOrdinaryPods(context, { namespace: NAMESPACE, web, ...clients });
    const strict = await strictRouting(context, {
      namespace: NAMESPACE,
      before: { web, ...clients },
      selectors: { web: WEB, clients: CLIENTS },
      setRule: (open) => setWebRule(context, open),
    });
    await editThePolicy(context, strict.web);
    await crashIpamd(context);
    await exhaustTheQuota(context, { namespace: NAMESPACE, deployment: 'nginx', labels: WEB, running: 10 });
    await deleteEverything(context);
    await nothingStrictIsLeft(context);
  },
};

async function applySample({ lab, step }: StoryContext): Promise<void> {
  await step('create the namespace, the policy and the nginx Deployment', async () => {
    await lab.createNamespace(NAMESPACE);
    await lab.applyFile('examples/pod-security-groups-trunk/policy.yaml');
    await lab.applyFile('examples/pod-security-groups-trunk/nginx.yaml');
    return {};
  });
}

async function lookAtThePod({ lab, step, expect }: StoryContext): Promise<Pod> {
  return step('the Pod runs and carries the three marks', async () => {
    const [pod] = await lab.runningPods(NAMESPACE, WEB, 1);
    if (pod === undefined) throw new Error('no Pod');
    const container = pod.spec.containers[0];
    expect(annotations.networks, pod.metadata.annotations?.[annotations.networks], 'tke-sub-eni');
    expect(
      annotations.securityGroupId,
      pod.metadata.annotations?.[annotations.securityGroupId],
      SAMPLE_GROUP.securityGroupId,
    );
    expect('limits', container?.resources?.limits?.[resourceNames.subEni], '1');
    expect('requests', container?.resources?.requests?.[resourceNames.subEni], '1');
    return { ...pod, seen: `${pod.metadata.name} ${pod.status?.podIP}` };
  });
}

async function lookAtTheEni({ lab, step, expect }: StoryContext, web: Pod): Promise<void> {
  await step('one VpcENI by the documented labels, and the cloud knows its ENI with the same groups', async () => {
    const labelSelector = `${labels.podName}=${web.metadata.name},${labels.podNamespace}=${NAMESPACE}`;
    const { items } = await lab.client.list(vpcEnis, { labelSelector });
    expect('VpcENI objects', items.length, 1);
    const eni = items[0]?.status?.eni;
    const inCloud = (await listSubEnis(lab.cloud)).filter((candidate) => candidate.eniId === eni?.eniID);
    expect('groups in the cloud', inCloud[0]?.groups, [SAMPLE_GROUP.securityGroupId]);
    expect("the ENI's address", eni?.addresses[0]?.ip, web.status?.podIP);
    return { seen: `${items[0]?.metadata.name} is ${eni?.eniID}` };
  });
}

/** The commands of document 002, typed as it types them. */
async function askKubectl({ lab, kubectl, step, expect }: StoryContext, web: Pod): Promise<void> {
  await step('the documented kubectl commands show the same', async () => {
    if (kubectl.kind === 'absent') return { seen: `NOT RUN: ${kubectl.reason}` };
    const answer = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await kubectl.run(...args);
      expect(`exit code of kubectl ${args.join(' ')} (${stderr.trim()})`, code, 0);
      return stdout;
    };
    const yaml = await answer('get', 'pod', '-n', NAMESPACE, web.metadata.name, '-oyaml');
    for (const line of [
      `${annotations.networks}: ${networks.subEni}`,
      `${annotations.securityGroupId}: ${SAMPLE_GROUP.securityGroupId}`,
      `${resourceNames.subEni}: "1"`,
    ])
      expect(`the Pod's YAML has ${line}`, yaml.includes(line), true);
    const selector = `${labels.podName}=${web.metadata.name},${labels.podNamespace}=${NAMESPACE}`;
    const found = (await answer('get', 'vpceni', '-l', selector, '-oname')).trim().split('\n');
    expect('objects that kubectl finds by the labels', found.length, 1);
    const eniId = await answer('get', found[0] ?? '', '-ojsonpath={.status.eni.eniID}');
    expect(
      'the cloud knows the id that kubectl prints',
      (await listSubEnis(lab.cloud)).some((eni) => eni.eniId === eniId),
      true,
    );
    return { seen: `kubectl ${kubectl.version}, ${eniId}` };
  });
}

interface Clients {
  readonly sameNode: Pod;
  readonly otherNode: Pod;
}

async function startClients({ lab, step }: StoryContext, web: Pod): Promise<Clients> {
  return step('a client Pod on each node', async () => {
    await lab.applyFile('examples/pod-security-groups-trunk/client.yaml');
    const clients = await lab.runningPods(NAMESPACE, CLIENTS, 2);
    const sameNode = clients.find((pod) => pod.spec.nodeName === web.spec.nodeName);
    const otherNode = clients.find((pod) => pod.spec.nodeName !== web.spec.nodeName);
    if (sameNode === undefined || otherNode === undefined) throw new Error('the clients are not on both nodes');
    return { sameNode, otherNode, seen: `nginx on ${web.spec.nodeName}, the other on ${otherNode.spec.nodeName}` };
  });
}

const setWebRule = async ({ lab }: StoryContext, open: boolean): Promise<void> => {
  const action = open ? 'CreateSecurityGroupPolicies' : 'DeleteSecurityGroupPolicies';
  const body = { SecurityGroupId: SAMPLE_GROUP.securityGroupId, SecurityGroupPolicySet: { Ingress: [webRule] } };
  await lab.cloud.call('vpc', action, body);
};

async function connect(context: StoryContext, web: Pod, clients: Clients): Promise<void> {
  const { lab, step, expect } = context;
  const from = async (pod: Pod, port: number, outcome: Reach): Promise<{ seen: string }> => {
    expect(`port ${port}`, await reach(lab, pod, web, port), outcome);
    return { seen: outcome };
  };
  await step('from the other node, port 80 opens: the group allows it', () => from(clients.otherNode, 80, 'answers'));
  await step('the rule is deleted through the cloud API; the next connection times out', async () => {
    await setWebRule(context, false);
    return from(clients.otherNode, 80, 'timed out');
  });
  await step('on the same node the group is not consulted (standard routing)', () =>
    from(clients.sameNode, 80, 'answers'),
  );
  await step('the rule is created again; the next connection opens', async () => {
    await setWebRule(context, true);
    return from(clients.otherNode, 80, 'answers');
  });
  await step('a port that the group does not name times out', () => from(clients.otherNode, 8080, 'timed out'));
}

async function editThePolicy({ lab, step, expect }: StoryContext, web: Pod): Promise<void> {
  await step('an edit of the policy reaches new Pods only', async () => {
    const groups = [SAMPLE_GROUP.securityGroupId, NODE_GROUP.securityGroupId];
    await lab.setPolicyGroups(NAMESPACE, 'my-security-group-policy', groups);
    const before = await lab.client.get(vpcEnis, `sub-${web.metadata.uid}`);
    expect('groups of the running Pod', before.spec.securityGroups, [SAMPLE_GROUP.securityGroupId]);
    await lab.client.delete(pods, web.metadata.name, { namespace: NAMESPACE });
    const [pod] = await lab.runningPods(NAMESPACE, WEB, 1);
    expect(
      'groups of the new Pod, in the order of the policy',
      pod?.metadata.annotations?.[annotations.securityGroupId],
      groups.join(','),
    );
    const eni = await lab.client.get(vpcEnis, `sub-${pod?.metadata.uid}`);
    const inCloud = (await listSubEnis(lab.cloud)).find((candidate) => candidate.eniId === eni.status?.eni?.eniID);
    expect('groups in the cloud, in the same order', inCloud?.groups, groups);
    return {};
  });
}

async function crashIpamd({ lab, step, expect }: StoryContext): Promise<void> {
  await step('ipamd is killed while ten Pods start: ten run, ten sub-ENIs exist, none is left over', async () => {
    const marked = { namespace: NAMESPACE, labelSelector: WEB, what: 'a few of ten Pods to have their VpcENI' };
    await lab.client.patch(
      deployments,
      'nginx',
      { type: 'merge', body: { spec: { replicas: 10 } } },
      { namespace: NAMESPACE },
    );
    await waitForObjects(
      lab.client,
      vpcEnis,
      (enis) => enis.filter((eni) => eni.spec.pod?.name.startsWith('nginx')).length >= 4,
      { what: marked.what },
    );
    await lab.killProgram('tke-eni-ipamd', 'SIGKILL');
    const running = await lab.runningPods(NAMESPACE, WEB, 10);
    const wanted = running.map((pod) => `sub-${pod.metadata.uid}`).sort();
    const isWeb = (name: string): boolean => wanted.includes(name);
    const objects = (await lab.client.list(vpcEnis)).items.filter(
      (eni) => eni.spec.type === 'SubENI' && eni.spec.pod?.name.startsWith('nginx'),
    );
    expect(
      'VpcENI objects of the Pods',
      objects
        .map((eni) => eni.metadata.name)
        .filter(isWeb)
        .sort(),
      wanted,
    );
    await waitForObjects(
      lab.client,
      vpcEnis,
      (enis) => enis.filter((eni) => eni.spec.pod?.name.startsWith('nginx')).length === 10,
      {
        what: 'ten VpcENI objects and no more',
      },
    );
    const owned = new Set((await lab.client.list(vpcEnis)).items.map((eni) => eni.status?.eni?.eniID));
    const inCloud = await listSubEnis(lab.cloud);
    // Two client Pods hold a sub-ENI each beside the ten.
    expect('sub-ENIs in the cloud', inCloud.length, 12);
    expect('sub-ENIs that no VpcENI owns', inCloud.filter((eni) => !owned.has(eni.eniId)).length, 0);
    return { seen: `${running.length} Pods, ${inCloud.length} sub-ENIs with the two clients'` };
  });
}

async function deleteEverything({ lab, step, expect }: StoryContext): Promise<void> {
  await step('the Deployment is deleted: sub-ENIs and VpcENI objects disappear', async () => {
    await lab.client.delete(deployments, 'nginx', { namespace: NAMESPACE, propagationPolicy: 'Background' });
    await waitForObjects(lab.client, vpcEnis, (enis) => !enis.some((eni) => eni.spec.pod?.name.startsWith('nginx')), {
      what: 'the VpcENI objects of nginx to go',
    });
    expect('sub-ENIs in the cloud (the two clients)', (await listSubEnis(lab.cloud)).length, 2);
    return {};
  });
  await step('the namespace is deleted: nothing is left', async () => {
    await lab.deleteNamespace(NAMESPACE);
    await waitForObjects(lab.client, vpcEnis, (enis) => !enis.some((eni) => eni.spec.type === 'SubENI'), {
      what: 'all sub-ENI objects to go',
    });
    expect('sub-ENIs in the cloud', (await listSubEnis(lab.cloud)).length, 0);
    return {};
  });
}
