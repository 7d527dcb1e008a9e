// The facts that decide about a node's ENI, each from the source that counts.
import { annotations } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { nodes } from '../../../kube/resources.ts';
import type { Node } from '../../../kube/resources.ts';
import { acked } from '../../../planning/address-pool.ts';
import type { NodeEniFacts } from '../../../planning/node-eni-fate.ts';
import { usesSharedAddress } from '../../../planning/shared-pod.ts';
import { managedInstance } from '../../node/managed-instance.ts';
import type { LifecycleDeps } from './deps.ts';

/** The cloud is asked about the instance only while its node does not report by itself. */
export async function nodeEniFacts(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<NodeEniFacts> {
  const { nodeName } = eni.spec;
  const node = await nodeOf(deps, nodeName, signal);
  const nodeInstance = node === undefined ? undefined : managedInstance(node);
  const madeFor = eni.spec.instanceID ?? deps.informers.nodeEniConfigs.get(nodeName)?.spec.instanceID ?? nodeInstance;
  const facts = {
    nodeName,
    node: node === undefined ? ('gone' as const) : ('present' as const),
    disabled: node?.metadata.annotations?.[annotations.disableNodeEni] !== undefined,
    madeFor,
    nodeInstance,
    deleted: eni.metadata.deletionTimestamp !== undefined,
    subEnis: eni.spec.type === 'Trunk' ? subEnisOn(deps, nodeName) : 0,
    addresses: addressesKept(eni) + staticInUse(deps, eni),
    pods: sharedPodsOn(deps, nodeName),
  };
  return { ...facts, instance: await instanceState(deps, eni, { node, madeFor, pods: facts.pods }, signal) };
}

/** Listed, and not given up by the agent for good. */
function addressesKept({ status }: VpcEni): number {
  if (status?.eni === undefined || status.pool === undefined) return 0;
  return status.pool.addresses.length - acked(status.pool, status.use).length;
}

/** Static addresses on it whose Pods live. */
const staticInUse = ({ informers }: LifecycleDeps, { metadata: { name } }: VpcEni): number =>
  informers.vpcIps.byIndex('eni', name).filter(({ status }) => {
    const [pod] = status?.podUID === undefined ? [] : informers.pods.byIndex('uid', status.podUID);
    return status?.phase === 'Assigned' && pod?.ended === false;
  }).length;

/** Whether its kubelet says that all is well; then nobody has to ask the cloud. */
export const reportsReady = (node: Node | undefined): boolean =>
  node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

/** Pods in the cache, bound to the node, that live on shared addresses. */
export function sharedPodsOn(deps: Pick<LifecycleDeps, 'informers'>, nodeName: string): number {
  return deps.informers.pods.byIndex('node', nodeName).filter((pod) =>
    usesSharedAddress({
      hostNetwork: pod.hostNetwork,
      ended: pod.ended,
      annotations: pod.metadata.annotations ?? {},
      requestsExclusive: pod.requestsExclusive,
    }),
  ).length;
}

const subEnisOn = (deps: LifecycleDeps, nodeName: string): number =>
  deps.informers.vpcEnis.byIndex('node', nodeName).filter((each) => each.spec.type === 'SubENI').length;

/** From the API itself when the cache does not show it: an absence in a cache is not evidence. */
async function nodeOf(deps: LifecycleDeps, name: string, signal: AbortSignal): Promise<Node | undefined> {
  const cached = deps.informers.nodes.get(name);
  if (cached !== undefined) return cached;
  try {
    return await deps.client.get(nodes, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** States of a CVM on which nothing runs any more. TERMINATING may still be running its last seconds. */
const STOPPED: ReadonlySet<string> = new Set(['STOPPED', 'SHUTDOWN']);

async function instanceState(
  deps: LifecycleDeps,
  eni: VpcEni,
  about: { readonly node: Node | undefined; readonly madeFor: string | undefined; readonly pods: number },
  signal: AbortSignal,
): Promise<NodeEniFacts['instance']> {
  const { node, madeFor, pods } = about;
  if (madeFor === undefined || reportsReady(node) || (node === undefined && pods === 0)) return 'unknown';
  const instance = await deps.instances.get(madeFor, deps.timings.askInstanceMs / 2);
  if (instance !== undefined) return STOPPED.has(instance.state) ? 'stopped' : 'running';
  return (await isAttached(deps, eni, signal)) ? 'unknown' : 'gone';
}

/** An ENI that the cloud still shows on an instance contradicts that the instance is gone. */
async function isAttached(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<boolean> {
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined) return false;
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'release' });
  return found?.attachment !== undefined;
}
