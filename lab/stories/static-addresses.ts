// What the cloud and the API say of a kept address, and waiting until they say it.
import { z } from 'zod';
import { type VpcEni, vpcEnis } from '../../src/api/vpc-eni.ts';
import { type VpcIpClaim, vpcIpClaims } from '../../src/api/vpc-ip-claim.ts';
import { type VpcIp, vpcIps } from '../../src/api/vpc-ip.ts';
import { nodes, type Pod } from '../../src/kube/resources.ts';
import { labels } from '../../src/api/keys.ts';
import { statefulSets } from '../kube-resources.ts';
import type { Lab } from '../lab.ts';
import { waitForObjects } from '../wait.ts';

const holders = z.object({
  NetworkInterfaceSet: z.array(
    z.object({
      NetworkInterfaceId: z.string(),
      Attachment: z.object({ InstanceId: z.string() }).nullish(),
      PrivateIpAddressSet: z.array(z.object({ PrivateIpAddress: z.string() })),
    }),
  ),
});

/** ENIs that have this address in the cloud: never more than one. */
export async function holdersInCloud(lab: Lab, ip: string): Promise<readonly { readonly eniId: string }[]> {
  const Filters = [{ Name: 'address-ip', Values: [ip] }];
  const answer = holders.parse(await lab.cloud.call('vpc', 'DescribeNetworkInterfaces', { Filters, Limit: 100 }));
  return answer.NetworkInterfaceSet.filter(({ PrivateIpAddressSet }) =>
    PrivateIpAddressSet.some((address) => address.PrivateIpAddress === ip),
  ).map(({ NetworkInterfaceId }) => ({ eniId: NetworkInterfaceId }));
}

/** Waits until `done` holds for the claim, which may be absent; answers it. Throws after a minute with what it said last. */
export async function claimOf(
  lab: Lab,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  what: string,
  done: (claim: VpcIpClaim | undefined) => boolean,
): Promise<VpcIpClaim | undefined> {
  const own = (all: readonly VpcIpClaim[]): VpcIpClaim | undefined => all.find((claim) => claim.metadata.name === name);
  const seen = await waitForObjects(lab.client, vpcIpClaims, (all) => done(own(all)), {
    namespace,
    what: `claim ${namespace}/${name} ${what}`,
    describe: (all) => JSON.stringify(own(all)?.status ?? 'no claim'),
  });
  return own(seen);
}

/** The same for a VpcIP. */
export async function vpcIpOf(
  lab: Lab,
  ip: string,
  what: string,
  done: (vip: VpcIp | undefined) => boolean,
): Promise<VpcIp | undefined> {
  const own = (all: readonly VpcIp[]): VpcIp | undefined => all.find((vip) => vip.metadata.name === ip);
  const seen = await waitForObjects(lab.client, vpcIps, (all) => done(own(all)), {
    what: `VpcIP ${ip} ${what}`,
    describe: (all) => JSON.stringify(own(all)?.status ?? 'no VpcIP'),
  });
  return own(seen);
}

/** The same for the sub-ENIs of a Pod's name. */
export async function subEnisOf(
  lab: Lab,
  name: string,
  what: string,
  done: (enis: readonly VpcEni[]) => boolean,
): Promise<readonly VpcEni[]> {
  const own = (all: readonly VpcEni[]): readonly VpcEni[] => all.filter((eni) => eni.spec.pod?.name === name);
  const seen = await waitForObjects(lab.client, vpcEnis, (all) => done(own(all)), {
    what: `sub-ENIs of ${name} ${what}`,
    describe: (all) => JSON.stringify(own(all).map(({ metadata, status }) => [metadata.name, status?.phase])),
  });
  return own(seen);
}

/** `kubectl scale statefulset NAME --replicas=N`, and waits until so many Pods of it run and no other is left. */
export async function scale(
  lab: Lab,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  replicas: number,
): Promise<readonly Pod[]> {
  await lab.client.patch(statefulSets, name, { type: 'merge', body: { spec: { replicas } } }, { namespace });
  return lab.runningPods(namespace, `app=${name}`, replicas);
}

/** `kubectl cordon NODE`, or uncordon. */
export async function cordon(lab: Lab, node: string, unschedulable: boolean): Promise<void> {
  await lab.client.patch(nodes, node, { type: 'merge', body: { spec: { unschedulable } } });
  // The scheduler goes by the taint.
  await waitForObjects(
    lab.client,
    nodes,
    (all) =>
      (all
        .find(({ metadata }) => metadata.name === node)
        ?.spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/unschedulable') ===
        true) ===
      unschedulable,
    { what: `${node} ${unschedulable ? 'cordoned' : 'uncordoned'}` },
  );
}

/** Zone of each general node, by name. */
export async function zonesOf(lab: Lab): Promise<ReadonlyMap<string, string>> {
  const { items } = await lab.client.list(nodes);
  const general = new Set(lab.nodes.filter(({ kind }) => kind === 'general').map(({ name }) => name));
  return new Map(
    items.flatMap(({ metadata }) =>
      general.has(metadata.name) ? [[metadata.name, metadata.labels?.[labels.zone] ?? ''] as const] : [],
    ),
  );
}
