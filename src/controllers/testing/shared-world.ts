// For tests about shared addresses: what a node has in the cloud and in the API, and Pods that use them.
import type { FabricEni } from '../../../lab/cloud/read-model.ts';
import { waitForObjects } from '../../../lab/wait.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../../api/node-eni-config.ts';
import { type VpcEni, vpcEnis } from '../../api/vpc-eni.ts';
import { nodes, type Node, pods } from '../../kube/resources.ts';
import type { Pod } from '../../kube/resources.ts';
import { resourceNames } from '../../api/keys.ts';
import type { World } from './world.ts';

/** All ENIs in the cloud that are no primary and no sub-ENI. */
export const cloudEnis = (world: World): readonly FabricEni[] =>
  world.cloud.snapshot().enis.filter((eni) => eni.kind === 'secondary');

/** Secondary addresses that the cloud has on the ENIs of one instance. */
export const boundOn = (world: World, index: number): readonly string[] =>
  cloudEnis(world)
    .filter((eni) => eni.instanceId === world.instanceIds[index])
    .flatMap((eni) => eni.addresses.slice(1));

export const nodeName = (world: World, index: number): string => world.nodeNames[index] ?? '';

/** The nec once `done` says so. */
export async function nec(
  world: World,
  name: string,
  done: (found: NodeEniConfig) => boolean,
  what: string,
): Promise<NodeEniConfig> {
  const isIt = (each: NodeEniConfig): boolean => each.metadata.name === name && done(each);
  const all = await waitForObjects(world.client, nodeEniConfigs, (list) => list.some(isIt), {
    what,
    timeoutMs: 60_000,
    describe: (list) => JSON.stringify(list.map(({ metadata, spec, status }) => [metadata.name, spec, status])),
  });
  const found = all.find(isIt);
  if (found === undefined) throw new Error(`no nec ${name}`);
  return found;
}

/** The pool of a node has `count` addresses that the agent may hand out. */
export async function listedOn(world: World, name: string, count: number): Promise<readonly VpcEni[]> {
  return enisOf(world, name, (enis) => listedIn(enis).length === count, `${count} addresses listed on ${name}`);
}

export const listedIn = (enis: readonly VpcEni[]): readonly string[] =>
  enis.flatMap((eni) => (eni.status?.pool?.addresses ?? []).map((address) => address.ip));

/** Trunk and shared ENIs of a node, once `done` says so. */
export async function enisOf(
  world: World,
  name: string,
  done: (enis: readonly VpcEni[]) => boolean,
  what: string,
): Promise<readonly VpcEni[]> {
  const own = (all: readonly VpcEni[]): VpcEni[] =>
    all.filter((eni) => eni.spec.type !== 'SubENI' && eni.spec.nodeName === name);
  const all = await waitForObjects(world.client, vpcEnis, (list) => done(own(list)), {
    what,
    timeoutMs: 60_000,
    describe: (list) =>
      JSON.stringify(list.map((eni) => [eni.metadata.name, eni.metadata.deletionTimestamp, eni.status])),
  });
  return own(all);
}

/** A Pod without any network annotation, bound to a node. */
export const sharedPod = (world: World, name: string, index = 0): Promise<Pod> =>
  world.createPod(name, { node: nodeName(world, index), annotations: {} });

/** All Pods run; their addresses by name. */
export async function running(world: World, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const isUp = (pod: Pod): boolean => pod.status?.phase === 'Running';
  const all = await waitForObjects(
    world.client,
    pods,
    (list) => names.every((name) => list.some((pod) => pod.metadata.name === name && isUp(pod))),
    { what: `Pods ${names.join(', ')} running`, timeoutMs: 60_000 },
  );
  return new Map(all.map((pod) => [pod.metadata.name, pod.status?.podIP ?? '']));
}

/** The node offers so many shared addresses. */
export async function offers(world: World, name: string, quantity: string): Promise<void> {
  await nodeOf(
    world,
    name,
    (node) => node.status?.allocatable?.[resourceNames.eniIp] === quantity,
    `${quantity} of eni-ip on ${name}`,
  );
}

export async function nodeOf(
  world: World,
  name: string,
  done: (node: Node) => boolean,
  what: string,
): Promise<Node | undefined> {
  const isIt = (node: Node): boolean => node.metadata.name === name && done(node);
  const all = await waitForObjects(world.client, nodes, (list) => list.some(isIt), {
    what,
    timeoutMs: 60_000,
    describe: (list) => JSON.stringify(list.map(({ metadata, spec, status }) => [metadata, spec, status])),
  });
  return all.find(isIt);
}

const MUTATING = /^(Create|Delete|Attach|Detach|Assign|Unassign|Associate|Disassociate|Modify|Migrate)/;

/** Calls that change something, so far. */
export const mutations = (world: World): readonly string[] =>
  world.cloud
    .requestLog()
    .map((entry) => entry.action)
    .filter((action) => MUTATING.test(action));

/** Resolves when the cloud is asked for this action the next time. */
export function requested(world: World, action: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = world.cloud.onRequest((entry) => {
      if (entry.action !== action) return;
      stop();
      resolve();
    });
  });
}

/** The kubelet's word about its node. */
export async function setNodeReady(world: World, name: string, status: 'True' | 'False' | 'Unknown'): Promise<void> {
  const conditions = [{ type: 'Ready', status, reason: 'Played', lastTransitionTime: new Date().toISOString() }];
  await world.client.patch(
    nodes,
    name,
    { type: 'strategic', body: { status: { conditions } } },
    { subresource: 'status' },
  );
}

/** Node ENIs that the cloud knows, once `done` says so; asked again at each answer of the cloud, since ipamd looks on its own. */
export async function cloudShows(
  world: World,
  done: (enis: readonly FabricEni[]) => boolean,
  what: string,
): Promise<readonly FabricEni[]> {
  const found = Promise.withResolvers<readonly FabricEni[]>();
  const look = (): void => {
    const enis = cloudEnis(world);
    if (done(enis)) found.resolve(enis);
  };
  const stop = world.cloud.onRequest(look);
  const limit = setTimeout(() => {
    found.reject(new Error(`waited 60 s for ${what}; the cloud has ${JSON.stringify(cloudEnis(world))}`));
  }, 60_000);
  look();
  return found.promise.finally(() => {
    stop();
    clearTimeout(limit);
  });
}
