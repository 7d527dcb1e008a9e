// The facts that decide about the release of a sub-ENI, each from the source that counts (DESIGN, decision 2).
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { nodes, pods } from '../../../kube/resources.ts';
import { instanceIdOf } from '../../../planning/provider-id.ts';
import type { ReleaseFacts } from '../../../planning/release.ts';
import type { LifecycleDeps } from './deps.ts';

/** From the cache when it says alive, else from the API itself: an absence in a cache is not evidence. */
export async function podState(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<ReleaseFacts['pod']> {
  const owner = eni.spec.pod;
  if (owner === undefined) return 'gone';
  const [cached] = deps.informers.pods.byIndex('uid', owner.uid);
  if (cached !== undefined && !cached.ended) return 'alive';
  try {
    const pod = await deps.client.get(pods, owner.name, { namespace: owner.namespace, signal });
    if (pod.metadata.uid !== owner.uid) return 'gone';
    return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? 'ended' : 'alive';
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}

/** What the agent reported for the Pod of this object, and for no other. */
export function agentState(eni: VpcEni): ReleaseFacts['agent'] {
  if (eni.status?.eni === undefined) return 'never-told';
  const { agent } = eni.status;
  if (agent === undefined || agent.podUID !== eni.spec.pod?.uid) return 'silent';
  return agent.state === 'TornDown' ? 'torn-down' : 'wired';
}

/** Asked only when the node is not there to report; a node that is Ready reports by itself. */
export async function instanceState(
  deps: LifecycleDeps,
  eni: VpcEni,
  signal: AbortSignal,
): Promise<ReleaseFacts['instance']> {
  const node = deps.informers.nodes.get(eni.spec.nodeName);
  const reports = node?.status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
  if (reports) return 'unknown';
  const instanceId =
    instanceIdOf(node?.spec?.providerID) ??
    deps.informers.nodeEniConfigs.get(eni.spec.nodeName)?.spec.instanceID ??
    (await providerOfUncachedNode(deps, eni.spec.nodeName, signal));
  if (instanceId === undefined) return stateByTrunk(deps, eni, signal);
  const instance = await deps.instances.get(instanceId, freshMs(deps));
  if (instance === undefined) return 'gone';
  return STOPPED.has(instance.state) ? 'stopped' : 'running';
}

/** States of a CVM in which nothing of a Pod can run any more. TERMINATING may still be running its last seconds. */
const STOPPED: ReadonlySet<string> = new Set(['STOPPED', 'SHUTDOWN']);

async function providerOfUncachedNode(
  deps: LifecycleDeps,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return instanceIdOf((await deps.client.get(nodes, name, { signal })).spec?.providerID);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** No object names the instance any more; the trunk, as the cloud shows it, is attached to it or to nothing. */
async function stateByTrunk(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<ReleaseFacts['instance']> {
  const trunkId = eni.status?.eni?.trunkENIID;
  if (trunkId === undefined) return 'unknown';
  const [trunk] = await deps.cloud.describeEnis({ eniIds: [trunkId] }, { signal, priority: 'release' });
  if (trunk?.attachment === undefined) return 'gone';
  const instance = await deps.instances.get(trunk.attachment.instanceId, freshMs(deps));
  if (instance === undefined) return 'gone';
  return STOPPED.has(instance.state) ? 'stopped' : 'running';
}

/** An answer about an instance is shared by all its sub-ENIs until they ask again. */
const freshMs = (deps: LifecycleDeps): number => deps.timings.askInstanceMs / 2;
