// What a cluster in static mode has grown in a long time, made at once for the benchmark ipam-scale-static: ENIs with the addresses of their Pods, VpcIPs, claims.
import { eachOf } from '../lab/hollow/each-of.ts';
import { hollowNode } from '../lab/hollow/hollow-objects.ts';
import { ZONES } from '../lab/layout.ts';
import { finalizers, labels, MANAGED_BY, nameLabel } from '../src/api/keys.ts';
import { sharedEniName, type VpcEni, vpcEnis } from '../src/api/vpc-eni.ts';
import { type VpcIpClaim, vpcIpClaims } from '../src/api/vpc-ip-claim.ts';
import { type VpcIp, vpcIps } from '../src/api/vpc-ip.ts';
import { namespaces, type Pod, pods } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { eniName, ownershipTags, shortHash } from '../src/planning/eni-identity.ts';
import { type MadeEni, SCALE_SUBNETS, type WantedEni } from './ipam-scale-message.ts';

const CONCURRENCY = 64;
const API = 'networking.tke.cloud.tencent.com/v1';

/** By node: its ENI, as the cloud made it. */
export type NodeEnis = ReadonlyMap<string, MadeEni>;

/** One shared ENI for each node, Ready and attached, with an address for each of its Pods; `make` is the cloud's console. */
export async function makeNodeEnis(
  client: KubeClient,
  nodes: number,
  addresses: number,
  make: (wanted: readonly WantedEni[]) => Promise<readonly MadeEni[]>,
): Promise<NodeEnis> {
  const clusterUid = (await client.get(namespaces, 'kube-system')).metadata.uid ?? '';
  const intents: VpcEni[] = [];
  await eachOf(nodes, CONCURRENCY, async (index) => {
    intents[index] = await client.create(vpcEnis, intentOf(index));
  });
  const made = await make(
    intents.map(({ metadata: { name, uid = '' }, spec }, index) => ({
      name: eniName('shared', uid, 1),
      instanceId: spec.instanceID ?? '',
      subnetId: SCALE_SUBNETS[zoneIndex(index)] ?? '',
      addresses: addresses + 1,
      tags: ownershipTags(clusterUid, { name, uid }, 1),
    })),
  );
  await eachOf(nodes, CONCURRENCY, async (index) => {
    const [intent, eni] = [intents[index], made[index]];
    if (intent === undefined || eni === undefined) throw new Error(`no ENI was made for node ${index}`);
    const { metadata, spec } = intent;
    await client.patch(
      vpcEnis,
      metadata.name,
      { type: 'merge', body: { status: statusOf(spec.instanceID ?? '', eni) } },
      { subresource: 'status' },
    );
  });
  return new Map(made.map((eni, index) => [hollowNode(index).name, eni]));
}

/** Of the n-th Pod, which lies on the nodes in turn. */
export const addressOf = (enis: NodeEnis, index: number, nodes: number): string =>
  enis.get(hollowNode(index % nodes).name)?.addresses[1 + Math.floor(index / nodes)] ?? '';

const zoneIndex = (index: number): number => ZONES.findIndex((zone) => zone === hollowNode(index).zone);

function intentOf(index: number): VpcEni {
  const { name: nodeName, providerId } = hollowNode(index);
  return {
    apiVersion: API,
    kind: 'VpcENI',
    metadata: {
      name: sharedEniName(nodeName, 1),
      labels: { [labels.nodeName]: nameLabel(nodeName, shortHash), [labels.managedBy]: MANAGED_BY },
      finalizers: [finalizers.eni],
    },
    spec: { type: 'Shared', nodeName, instanceID: providerId.split('/').at(-1) ?? '', securityGroups: [] },
  };
}

function statusOf(instanceId: string, eni: MadeEni): VpcEni['status'] {
  const { eniId, mac, subnetId, cidr, gateway } = eni;
  return {
    phase: 'Ready',
    eni: {
      eniID: eniId,
      macAddress: mac,
      addresses: eni.addresses.map((ip, index) => ({ ip, primary: index === 0 })),
      subnetID: subnetId,
      subnetCIDR: cidr,
      gateway,
      securityGroups: [],
    },
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'Attached',
        message: `the ENI is attached to ${instanceId}`,
        lastTransitionTime: new Date().toISOString(),
      },
    ],
  };
}

/** A claim that is bound and a VpcIP that is Assigned and wired for every Pod with an address of its node's ENI. */
export async function makeClaims(client: KubeClient, enis: NodeEnis, progress: (made: number) => void): Promise<void> {
  let made = 0;
  const { items } = await client.list(pods);
  await eachOf(items.length, CONCURRENCY, async (index) => {
    const pod = items[index];
    const eni = enis.get(pod?.spec.nodeName ?? '');
    if (pod === undefined || eni === undefined) return;
    await makeClaim(client, pod, eni);
    made += 1;
    if (made % 10_000 === 0) progress(made);
  });
}

async function makeClaim(client: KubeClient, pod: Pod, eni: MadeEni): Promise<void> {
  const { name, namespace = '', uid: podUID = '' } = pod.metadata;
  const { nodeName = '' } = pod.spec;
  const ip = pod.status?.podIP ?? '';
  const now = new Date().toISOString();
  const ours = { labels: { [labels.managedBy]: MANAGED_BY }, finalizers: [finalizers.address] };
  const claim = await client.create<VpcIpClaim>(
    vpcIpClaims,
    {
      apiVersion: API,
      kind: 'VpcIPClaim',
      metadata: { name, namespace, ...ours },
      spec: { deletePolicy: 'Immediate', kind: 'Shared' },
    },
    { namespace },
  );
  const message = `${ip} serves the Pod on node ${nodeName}`;
  const bound = { type: 'Bound', status: 'True' as const, reason: 'Bound', message, lastTransitionTime: now };
  const claimStatus: VpcIpClaim['status'] = { phase: 'Bound', podUID, nodeName, vpcIP: ip, conditions: [bound] };
  const { uid = '' } = claim.metadata;
  const vip: VpcIp = {
    apiVersion: API,
    kind: 'VpcIP',
    metadata: { name: ip, ...ours, labels: { ...ours.labels, [labels.nodeName]: nameLabel(nodeName, shortHash) } },
    spec: { type: 'Pod', subnetID: eni.subnetId, claim: { namespace, name, uid } },
  };
  const vipStatus: VpcIp['status'] = {
    phase: 'Assigned',
    eniID: eni.eniId,
    eniName: sharedEniName(nodeName, 1),
    nodeName,
    podUID,
    gateway: eni.gateway,
    subnetCIDR: eni.cidr,
    agent: { state: 'Wired', podUID, containerID: shortHash(podUID), observedAt: now },
  };
  await Promise.all([
    client.patch(
      vpcIpClaims,
      name,
      { type: 'merge', body: { status: claimStatus } },
      { namespace, subresource: 'status' },
    ),
    client
      .create(vpcIps, vip)
      .then(() => client.patch(vpcIps, ip, { type: 'merge', body: { status: vipStatus } }, { subresource: 'status' })),
  ]);
}
