// Addresses that stay, as a program: create, delete, recreate elsewhere, the three ways to release, and a kept sub-ENI in another zone.
import { annotations, labels, objectNames } from '../../src/api/keys.ts';
import { sharedAddressesCondition } from '../../src/api/node-eni-config.ts';
import { type SecurityGroupPolicy, securityGroupPolicies } from '../../src/api/security-group-policy.ts';
import { vpcIpClaims } from '../../src/api/vpc-ip-claim.ts';
import { type ConfigMap, configMaps, pods, type Pod } from '../../src/kube/resources.ts';
import { statefulSets } from '../kube-resources.ts';
import { editIpamdArgs } from './document-commands.ts';
import { necOf } from './node-eni-groups.ts';
import { reach } from './reach.ts';
import { claimOf, cordon, holdersInCloud, scale, subEnisOf, vpcIpOf, zonesOf } from './static-addresses.ts';
import { waitForObjects } from '../wait.ts';
import type { Story, StoryContext } from './story.ts';

const NAMESPACE = 'static-ip';
const WEB = { namespace: NAMESPACE, name: 'web' };
const WEB_POD = { namespace: NAMESPACE, name: 'web-0' };
const GUARDED = { namespace: NAMESPACE, name: 'guarded' };
const GUARDED_POD = { namespace: NAMESPACE, name: 'guarded-0' };
const HOUR_MS = 3_600_000;

export const staticIp: Story = {
  name: 'static-ip',
  document: '004',
  title: 'a Pod keeps its address over its own end, in static mode, until one of the three ways releases it',
  lab: { nodes: 3, superNodes: 0, ipMode: 'static' },
  run: async (context) => {
    const nodes = await preconditions(context);
    const web = await create(context, nodes);
    await deleteAndLook(context, web);
    const moved = await recreateElsewhere(context, nodes, web);
    await keepWhileTheWebIsThere(context, moved);
    await expire(context);
    await releaseByHand(context);
    await releaseWithTheWorkload(context);
    await keepASubEni(context, nodes);
    await deleteEverything(context);
  },
};

interface Nodes {
  /** Two nodes of one zone, and one of another. */
  readonly home: string;
  readonly neighbour: string;
  readonly far: string;
}

interface Served {
  readonly pod: Pod;
  readonly ip: string;
  readonly node: string;
}

async function preconditions({ lab, step, expect }: StoryContext): Promise<Nodes> {
  return await step('the cluster is in static mode: nodes offer addresses, and none is bound ahead', async () => {
    const zones = [...(await zonesOf(lab))];
    const inZone = (wanted: string | undefined): readonly string[] =>
      zones.flatMap(([name, zone]) => (zone === wanted ? [name] : []));
    const zone = zones.find(([, each]) => inZone(each).length === 2)?.[1];
    const [home, neighbour] = inZone(zone);
    const far = zones.find(([, each]) => each !== zone)?.[0];
    if (home === undefined || neighbour === undefined || far === undefined)
      throw new Error('the lab has no two nodes in one zone and a third in another');
    for (const node of lab.nodes.filter(({ kind }) => kind === 'general')) {
      const nec = await necOf(lab, node, 'in static mode', ({ status }) =>
        (status?.conditions ?? []).some(
          ({ type, reason }) =>
            type === sharedAddressesCondition.type && reason === sharedAddressesCondition.staticMode,
        ),
      );
      expect(`addresses bound on ${node.name}`, nec.status?.routeENI?.bound ?? 0, 0);
    }
    return { home, neighbour, far, seen: zones.map(([name, zone]) => `${name} in ${zone}`).join(', ') };
  });
}

async function create(context: StoryContext, { home, neighbour, far }: Nodes): Promise<Served> {
  const { lab, step, expect } = context;
  return await step(
    'a StatefulSet with vpc-ip-claim-delete-policy: Never: its Pod has a claim and an address',
    async () => {
      for (const node of [neighbour, far]) await cordon(lab, node, true);
      await lab.createNamespace(NAMESPACE);
      await lab.applyFile('examples/static-ip/web.yaml');
      await lab.runningPods(NAMESPACE, 'app=web', 1);
      for (const node of [neighbour, far]) await cordon(lab, node, false);
      await lab.applyFile('examples/static-ip/client.yaml');
      await lab.runningPods(NAMESPACE, 'app=client', 3);
      const served = await isServed(context);
      expect('its node', served.node, home);
      return { ...served, seen: `${served.ip} on ${served.node}` };
    },
  );
}

/** Claim, VpcIP, cloud and packets agree about the address of web-0. */
async function isServed({ lab, expect }: StoryContext): Promise<Served> {
  const [pod] = await lab.runningPods(NAMESPACE, 'app=web', 1);
  const ip = pod?.status?.podIP ?? '';
  const node = pod?.spec.nodeName ?? '';
  if (pod === undefined) throw new Error('web-0 does not run');
  await claimOf(lab, WEB_POD, `bound to ${ip}`, (claim) => {
    const { phase, podUID, vpcIP } = claim?.status ?? {};
    return phase === 'Bound' && podUID === pod.metadata.uid && vpcIP === ip;
  });
  const vip = await vpcIpOf(lab, ip, 'assigned', (found) => found?.status?.phase === 'Assigned');
  expect('the node in the label of the VpcIP', vip?.metadata.labels?.[labels.nodeName], node);
  expect('ENIs that have the address in the cloud', await holdersInCloud(lab, ip), [{ eniId: vip?.status?.eniID }]);
  await answersAll(lab, pod, expect);
  return { pod, ip, node };
}

/** From every node, its own included. */
async function answersAll(lab: StoryContext['lab'], pod: Pod, expect: StoryContext['expect']): Promise<void> {
  for (const client of await lab.runningPods(NAMESPACE, 'app=client', 3))
    expect(`http://${pod.status?.podIP}/ from ${client.spec.nodeName}`, await reach(lab, client, pod, 80), 'answers');
}

async function deleteAndLook(context: StoryContext, { ip, pod }: Served): Promise<void> {
  const { lab, step, expect } = context;
  await step('scaled to none: the claim keeps the address, which is on no ENI any more', async () => {
    await scale(lab, WEB, 0);
    const claim = await claimOf(lab, WEB_POD, 'unbound', (found) => found?.status?.phase === 'Unbound');
    expect('the address that it keeps', claim?.status?.vpcIP, ip);
    expect('when it is released', claim?.status?.releaseAt, undefined);
    await vpcIpOf(lab, ip, 'unassigned', (found) => found?.status?.phase === 'Unassigned');
    expect('ENIs that have it in the cloud', await holdersInCloud(lab, ip), []);
    const [client] = await lab.runningPods(NAMESPACE, 'app=client', 3);
    if (client === undefined) throw new Error('no client');
    expect('somebody answers there', (await reach(lab, client, pod, 80)) === 'answers', false);
    return { seen: `unbound since ${claim?.status?.unboundSince}` };
  });
}

async function recreateElsewhere(context: StoryContext, { home, neighbour }: Nodes, before: Served): Promise<Served> {
  const { lab, step, expect } = context;
  await step('where only another zone has room, where its address cannot be, it waits for its own', async () => {
    for (const node of [home, neighbour]) await cordon(lab, node, true);
    await lab.client.patch(
      statefulSets,
      WEB.name,
      { type: 'merge', body: { spec: { replicas: 1 } } },
      { namespace: NAMESPACE },
    );
    const [pod] = await waitForObjects<Pod>(lab.client, pods, ([only]) => isJudged(only), {
      namespace: NAMESPACE,
      labelSelector: 'app=web',
      what: 'the scheduler to judge web-0',
    });
    expect('its node', pod?.spec.nodeName, undefined);
    await cordon(lab, neighbour, false);
    return { seen: judgement(pod)?.message ?? '' };
  });
  return await step(
    'with its node cordoned it comes back on the other node of the zone, with the same address',
    async () => {
      const served = await isServed(context);
      await cordon(lab, home, false);
      expect('its address', served.ip, before.ip);
      expect('its node', served.node, neighbour);
      expect('another Pod', served.pod.metadata.uid === before.pod.metadata.uid, false);
      return { ...served, seen: `${served.ip} on ${served.node}` };
    },
  );
}

const judgement = (pod: Pod | undefined) => pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');

/** The scheduler has bound it, or said why not. */
const isJudged = (pod: Pod | undefined): boolean =>
  pod?.spec.nodeName !== undefined || judgement(pod)?.status === 'False';

async function keepWhileTheWebIsThere(context: StoryContext, { ip }: Served): Promise<void> {
  const { lab, step, expect } = context;
  await step(
    'kubectl delete vipc while the Pod is there: bound again, and the Pod never loses its address',
    async () => {
      const old = await claimOf(lab, WEB_POD, 'bound', (claim) => claim?.status?.phase === 'Bound');
      await deleteClaim(context, WEB_POD);
      await claimOf(
        lab,
        WEB_POD,
        'made again',
        (claim) => claim?.metadata.uid !== old?.metadata.uid && claim?.status?.phase === 'Bound',
      );
      expect('its address', (await isServed(context)).ip, ip);
      return {};
    },
  );
}

/** As the document writes it; the answer's form is the closed add-on's. */
async function deleteClaim({ lab, kubectl, expect }: StoryContext, { namespace, name }: typeof WEB_POD): Promise<void> {
  if (kubectl.kind === 'absent') return await lab.client.delete(vpcIpClaims, name, { namespace });
  const { code, stdout, stderr } = await kubectl.run('delete', 'vipc', name, '-n', namespace, '--wait=false');
  expect(`exit code of kubectl delete vipc (${stderr.trim()})`, code, 0);
  expect('its answer', stdout.trim().split('\n')[0], `vpcipclaim.networking.tke.cloud.tencent.com "${name}" deleted`);
}

async function isReleased({ lab, expect }: StoryContext, name: typeof WEB_POD, ip: string): Promise<void> {
  await claimOf(lab, name, 'gone', (claim) => claim === undefined);
  await vpcIpOf(lab, ip, 'gone', (vip) => vip === undefined);
  expect('ENIs that have it in the cloud', await holdersInCloud(lab, ip), []);
}

async function expire(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step('kubectl edit deploy: --claim-expired-duration=1h; ipamd restarts by itself', () =>
    editIpamdArgs(context, ['--claim-expired-duration=1h']).then(() => ({})),
  );
  await step('expiry: a claim without a Pod says when it is released, and an hour later it is', async () => {
    const { ip } = await isServed(context);
    await scale(lab, WEB, 0);
    const kept = await claimOf(lab, WEB_POD, 'to be released', (claim) => claim?.status?.releaseAt !== undefined);
    const { unboundSince = '', releaseAt = '' } = kept?.status ?? {};
    expect('hours until then', (Date.parse(releaseAt) - Date.parse(unboundSince)) / HOUR_MS, 1);
    // The time is on the claim, and nowhere else: moved an hour back, the hour is over.
    const body = { status: { unboundSince: new Date(Date.parse(unboundSince) - HOUR_MS).toISOString() } };
    await lab.client.patch(
      vpcIpClaims,
      WEB_POD.name,
      { type: 'merge', body },
      { namespace: NAMESPACE, subresource: 'status' },
    );
    await isReleased(context, WEB_POD, ip);
    return { seen: `${ip}, ${releaseAt}` };
  });
}

async function releaseByHand(context: StoryContext): Promise<void> {
  const { lab, step } = context;
  await step('by hand: kubectl delete vipc once the Pod is gone', async () => {
    await scale(lab, WEB, 1);
    const { ip } = await isServed(context);
    await scale(lab, WEB, 0);
    await claimOf(lab, WEB_POD, 'unbound', (claim) => claim?.status?.phase === 'Unbound');
    await deleteClaim(context, WEB_POD);
    await isReleased(context, WEB_POD, ip);
    return { seen: ip };
  });
}

async function releaseWithTheWorkload(context: StoryContext): Promise<void> {
  const { lab, step, expect } = context;
  await step('kubectl edit deploy: --enable-ownerref; ipamd restarts by itself, and notes since when', async () => {
    await editIpamdArgs(context, ['--enable-ownerref'], ['--claim-expired-duration']);
    const since = (map: ConfigMap | undefined): string | undefined =>
      map?.metadata.annotations?.[annotations.ownerRefSince];
    const [values] = await waitForObjects(lab.client, configMaps, ([map]) => since(map) !== undefined, {
      namespace: objectNames.systemNamespace,
      fieldSelector: `metadata.name=${objectNames.addonValues}`,
      what: 'ipamd to note since when workloads own claims',
    });
    return { seen: since(values) ?? '' };
  });
  await step('cascade: a workload made afterwards owns the claims of its Pods, and its end is theirs', async () => {
    await lab.client.delete(statefulSets, WEB.name, { namespace: NAMESPACE });
    await lab.runningPods(NAMESPACE, 'app=web', 0);
    await lab.applyFile('examples/static-ip/web.yaml');
    const { ip } = await isServed(context);
    const claim = await claimOf(lab, WEB_POD, 'bound', (found) => found?.status?.phase === 'Bound');
    expect('its owner', [claim?.spec.owner?.kind, claim?.spec.owner?.name], ['StatefulSet', 'web']);
    await scale(lab, WEB, 0);
    await claimOf(lab, WEB_POD, 'unbound', (found) => found?.status?.phase === 'Unbound');
    await lab.client.delete(statefulSets, WEB.name, { namespace: NAMESPACE });
    await isReleased(context, WEB_POD, ip);
    return { seen: ip };
  });
}

async function keepASubEni(context: StoryContext, { home, neighbour, far }: Nodes): Promise<void> {
  const { lab, step, expect } = context;
  const first = await step('a Pod with a security group of its own keeps the address of its sub-ENI', async () => {
    for (const node of [neighbour, far]) await cordon(lab, node, true);
    await lab.applyFile('examples/static-ip/guarded-policy.yaml');
    await waitForObjects(lab.client, securityGroupPolicies, ([policy]) => isAccepted(policy), {
      namespace: NAMESPACE,
      what: 'the policy accepted, since Pods that come before have no group of their own',
      describe: (all) => JSON.stringify(all.map(({ status }) => status)),
    });
    await lab.applyFile('examples/static-ip/guarded.yaml');
    const [pod] = await lab.runningPods(NAMESPACE, 'app=guarded', 1);
    for (const node of [neighbour, far]) await cordon(lab, node, false);
    if (pod === undefined) throw new Error('guarded-0 does not run');
    expect('its delete policy', pod.metadata.annotations?.[annotations.vpcIpClaimDeletePolicy], 'Never');
    expect('its node', pod.spec.nodeName, home);
    await answersAll(lab, pod, expect);
    return { ...pod, seen: `${pod.status?.podIP} on ${pod.spec.nodeName}` };
  });
  const ip = first.status?.podIP ?? '';
  await step('without a Pod its sub-ENI stays in the cloud, so that nobody else gets the number', async () => {
    await scale(lab, GUARDED, 0);
    const [eni] = await subEnisOf(lab, GUARDED_POD.name, 'kept', ([only]) => only?.status?.phase === 'Kept');
    const eniId = eni?.status?.eni?.eniID;
    expect('ENIs that have it in the cloud', await holdersInCloud(lab, ip), [{ eniId }]);
    return { seen: `${eniId} has ${ip}` };
  });
  await step('in another zone it comes back with the same address, and its group holds there', async () => {
    for (const node of [home, neighbour]) await cordon(lab, node, true);
    const [pod] = await scale(lab, GUARDED, 1);
    for (const node of [home, neighbour]) await cordon(lab, node, false);
    if (pod === undefined) throw new Error('guarded-0 does not run');
    expect('its address and node', [pod.status?.podIP, pod.spec.nodeName], [ip, far]);
    const [eni] = await subEnisOf(lab, GUARDED_POD.name, 'ready, and no other', (enis) => {
      return enis.length === 1 && enis[0]?.status?.phase === 'Ready' && enis[0].spec.pod?.uid === pod.metadata.uid;
    });
    expect('ENIs that have it in the cloud', await holdersInCloud(lab, ip), [{ eniId: eni?.status?.eni?.eniID }]);
    await answersAll(lab, pod, expect);
    const abroad = (await lab.runningPods(NAMESPACE, 'app=client', 3)).find(({ spec }) => spec.nodeName === home);
    if (abroad === undefined) throw new Error('no client in the other zone');
    expect('a port that its group does not open', await reach(lab, abroad, pod, 8080), 'timed out');
    return { seen: `${ip} on ${pod.spec.nodeName}` };
  });
}

const isAccepted = (policy: SecurityGroupPolicy | undefined): boolean =>
  policy?.status?.conditions?.some(({ type, status }) => type === 'Accepted' && status === 'True') === true;

async function deleteEverything({ lab, step, expect }: StoryContext): Promise<void> {
  await step('the namespace is deleted: no claim, no address and no sub-ENI is left', async () => {
    const { items } = await lab.client.list(pods, { namespace: NAMESPACE });
    const ips = items.flatMap(({ status }) => status?.podIP ?? []);
    await lab.deleteNamespace(NAMESPACE);
    for (const ip of ips) {
      await vpcIpOf(lab, ip, 'gone', (vip) => vip === undefined);
      expect(`ENIs that have ${ip} in the cloud`, await holdersInCloud(lab, ip), []);
    }
    await subEnisOf(lab, GUARDED_POD.name, 'gone', (enis) => enis.length === 0);
    return { seen: ips.join(', ') };
  });
}
