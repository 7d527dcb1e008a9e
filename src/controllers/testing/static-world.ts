// For tests of static mode: Pods with addresses of their own, their claims, and what the cloud has on the ENIs of a node.
import { waitForObjects } from '../../../lab/wait.ts';
import { annotations } from '../../api/keys.ts';
import { type VpcIpClaim, vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import { type VpcIp, vpcIps } from '../../api/vpc-ip.ts';
import { events, type Pod, pods } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { boundOn, nodeName, running } from './shared-world.ts';
import { disposableWorld, type World, type WorldOptions } from './world.ts';

/** Static mode, without trunks unless `values` says so. */
export const staticWorld = (options: WorldOptions = {}): Promise<World & AsyncDisposable> =>
  disposableWorld({ ...options, values: staticValues(options.values) });

export const staticValues = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  'vpcCni.ipMode': 'static',
  'vpcCni.trunkingEni.enableSubEni': 'false',
  ...more,
});

export const ONE = { instanceTypes: ['SA5.LARGE8'] } as const;
/** The first and the third of three nodes are in one zone. */
export const SAME_ZONE = { instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8', 'SA5.LARGE8'] } as const;

export const NEVER = { [annotations.vpcIpClaimDeletePolicy]: 'Never' };

/** An ordinary Pod bound to a node. */
export const staticPod = (
  world: World,
  name: string,
  { index = 0, marks = {} }: { readonly index?: number; readonly marks?: Record<string, string> } = {},
): Promise<Pod> => world.createPod(name, { node: nodeName(world, index), annotations: marks });

/** The same, made by a ReplicaSet. */
export async function ownedPod(
  world: World,
  name: string,
  owner: KubeObject,
  marks: Record<string, string>,
): Promise<Pod> {
  const { apiVersion, kind, metadata } = owner;
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', controller: true }];
  return world.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', annotations: marks, ownerReferences },
    spec: { nodeName: nodeName(world, 0), containers: [{ name: 'main', image: 'sample' }] },
  });
}

/** The Pod runs; its address. */
export const addressOf = async (world: World, name: string): Promise<string> =>
  (await addressesOf(world, [name])).get(name) ?? '';

/** All Pods run; their addresses by name. Tells what is held when they do not. */
export async function addressesOf(world: World, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  try {
    return await running(world, names);
  } catch (cause) {
    const held = [await world.client.list(vpcIpClaims), await world.client.list(vpcIps)].flatMap(({ items }) =>
      (items as KubeObject[]).map((object) => [object.metadata.name, 'status' in object ? object.status : undefined]),
    );
    const bound = world.nodeNames.map((name, index) => [name, boundOn(world, index)]);
    throw new Error(`${names.join(', ')} do not run: ${JSON.stringify([held, bound])}`, { cause });
  }
}

/** The claim once `done` says so. */
export async function claimOf(
  world: World,
  name: string,
  done: (claim: VpcIpClaim) => boolean,
  what: string,
): Promise<VpcIpClaim> {
  const isIt = (claim: VpcIpClaim): boolean => claim.metadata.name === name && done(claim);
  const all = await waitForObjects(world.client, vpcIpClaims, (list) => list.some(isIt), {
    what,
    timeoutMs: 60_000,
    describe: (list) => JSON.stringify(list.map(({ metadata, spec, status }) => [metadata, spec, status])),
  });
  const found = all.find(isIt);
  if (found === undefined) throw new Error(`no claim ${name}`);
  return found;
}

/** All claims, once `done` says so. */
export const claims = (world: World, done: (all: readonly VpcIpClaim[]) => boolean, what: string) =>
  waitForObjects(world.client, vpcIpClaims, done, {
    what,
    timeoutMs: 60_000,
    describe: (list) => JSON.stringify(list),
  });

/** All VpcIPs, once `done` says so. */
export const vips = (world: World, done: (all: readonly VpcIp[]) => boolean, what: string): Promise<readonly VpcIp[]> =>
  waitForObjects(world.client, vpcIps, done, {
    what,
    timeoutMs: 60_000,
    describe: (list) => JSON.stringify(list.map(({ metadata, spec, status }) => [metadata, spec, status])),
  });

/** One VpcIP, once `done` says so. */
export async function vipOf(world: World, ip: string, done: (vip: VpcIp) => boolean, what: string): Promise<VpcIp> {
  const isIt = (vip: VpcIp): boolean => vip.metadata.name === ip && done(vip);
  const found = (await vips(world, (all) => all.some(isIt), what)).find(isIt);
  if (found === undefined) throw new Error(`no VpcIP ${ip}`);
  return found;
}

/** Nothing is held: no claim, no VpcIP, and no address on any ENI. */
export async function nothingHeld(world: World): Promise<void> {
  await claims(world, (all) => all.length === 0, 'no claim left');
  await vips(world, (all) => all.length === 0, 'no VpcIP left');
  const left = world.nodeNames.flatMap((_, index) => boundOn(world, index));
  if (left.length > 0) throw new Error(`addresses left on ENIs: ${left.join(', ')}`);
}

/** Events of this reason with these words are on all objects of these names. */
export async function told(world: World, reason: string, words: string, names: readonly string[]): Promise<void> {
  const subject = (event: KubeObject): string | undefined => {
    const { reason: own, message, involvedObject } = event as KubeObject & Record<string, unknown>;
    const isIt = own === reason && String(message).includes(words);
    return isIt ? (involvedObject as { readonly name: string }).name : undefined;
  };
  await waitForObjects(
    world.client,
    events,
    (all) => names.every((name) => all.some((each) => subject(each) === name)),
    {
      what: `${reason} on ${names.join(', ')}`,
      timeoutMs: 60_000,
      describe: (all) => JSON.stringify(all),
    },
  );
}
