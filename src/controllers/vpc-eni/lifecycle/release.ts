// The end of a sub-ENI: only when its Pod has ended and nothing on the node can use it any more, then cloud first, object last.
import { finalizers } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { nodes, pods } from '../../../kube/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { instanceIdOf } from '../../../planning/provider-id.ts';
import { planRelease } from '../../../planning/release.ts';
import type { ReleaseFacts } from '../../../planning/release.ts';
import type { IpamdDeps } from '../../deps.ts';
import { readyCondition, writeStatus } from './conditions.ts';

/** While only the instance's end could release it, the cloud is asked this often. */
const ASK_CLOUD_AGAIN_MS = 30_000;
/** Time in which a creating call that got no answer may still take effect. */
const CONSISTENCY_WINDOW_MS = 10_000;

export type ReleaseOutcome =
  | { readonly kind: 'keep' }
  | { readonly kind: 'releasing'; readonly result: ReconcileResult | undefined };

const releasing = (result?: ReconcileResult): ReleaseOutcome => ({ kind: 'releasing', result });

export async function releaseSubEni(deps: IpamdDeps, eni: VpcEni, context: ReconcileContext): Promise<ReleaseOutcome> {
  const pod = await podState(deps, eni, context.signal);
  if (pod === 'alive') {
    if (eni.metadata.deletionTimestamp !== undefined) await warnDeletedInUse(deps, eni);
    return { kind: 'keep' };
  }
  // Past the point of no return the facts are not asked again.
  if (eni.status?.phase !== 'Deleting') {
    const agent =
      eni.status?.agent?.podUID === eni.spec.pod?.uid
        ? eni.status?.agent?.state === 'TornDown'
          ? 'torn-down'
          : 'wired'
        : 'silent';
    const instance = agent === 'torn-down' ? 'unknown' : await instanceState(deps, eni, context.signal);
    const decision = planRelease({ pod, agent, instance });
    if (decision.kind === 'wait') {
      if (eni.status?.phase !== 'Releasing')
        await writeStatus(deps, eni, {
          phase: 'Releasing',
          conditions: readyCondition(eni, 'False', 'Releasing', decision.reason, deps.clock.now()),
        });
      return releasing({ requeueAfterMs: ASK_CLOUD_AGAIN_MS });
    }
  }
  return releasing(await removeFromCloud(deps, eni, context));
}

/** Deletes the ENI, waits until the cloud no longer lists it, then lets the object go. */
async function removeFromCloud(
  deps: IpamdDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const eniId = eni.status?.eni?.eniID ?? (await leftoverOf(deps, eni, context.signal));
  if (eniId === 'undecided') return { requeueAfterMs: CONSISTENCY_WINDOW_MS };
  if (eniId === undefined) {
    await letGo(deps, eni);
    return undefined;
  }
  if (eni.status?.phase !== 'Deleting') {
    const recorded = await writeStatus(deps, eni, {
      phase: 'Deleting',
      conditions: readyCondition(eni, 'False', 'Deleting', `${eniId} is being deleted in the cloud`, deps.clock.now()),
    });
    deps.watcher.forget(eniId);
    await deps.cloud.deleteSubEni(eniId, deps.mutating('release', 'delete', context.signal));
    return removeFromCloud(deps, recorded, context);
  }
  const seen = deps.watcher.observe(eniId, 'gone');
  if (seen.state !== 'gone') {
    // After a restart nobody knows whether the call was sent; deleting what is already being deleted is success.
    if (seen.state === 'ready')
      await deps.cloud.deleteSubEni(eniId, deps.mutating('release', 'delete', context.signal));
    return undefined;
  }
  deps.watcher.forget(eniId);
  await letGo(deps, eni);
  return undefined;
}

/**
 * An operation was recorded but no id: the call may have left an ENI behind. It is found by its name, which carries uid and attempt; an absence counts
 * only one consistency window after the recording.
 */
async function leftoverOf(deps: IpamdDeps, eni: VpcEni, signal: AbortSignal): Promise<string | undefined> {
  const { operation } = eni.status ?? {};
  if (operation === undefined) return undefined;
  const { name } = JSON.parse(operation.request) as { name: string };
  const [found] = await deps.cloud.describeEnis({ name }, { signal, priority: 'release' });
  if (found !== undefined) return found.eniId;
  const age = deps.clock.now().getTime() - Date.parse(operation.recordedAt);
  return age < CONSISTENCY_WINDOW_MS ? 'undecided' : undefined;
}

/** Finalizer off, then the object; the cloud has nothing of it any more. */
async function letGo(deps: IpamdDeps, eni: VpcEni): Promise<void> {
  const { name, uid, resourceVersion } = eni.metadata;
  const kept = (eni.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.eni);
  try {
    const freed = await deps.client.patch(vpcEnis, name, {
      type: 'merge',
      body: { metadata: { finalizers: kept, resourceVersion } },
    });
    if (freed.metadata.deletionTimestamp === undefined)
      await deps.client.delete(vpcEnis, name, uid === undefined ? {} : { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** From the cache when it says alive, else from the API itself: an absence in a cache is not evidence. */
async function podState(deps: IpamdDeps, eni: VpcEni, signal: AbortSignal): Promise<ReleaseFacts['pod']> {
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

/** Asked only when the node is not there to report; a node that is Ready will report by itself. */
async function instanceState(deps: IpamdDeps, eni: VpcEni, signal: AbortSignal): Promise<ReleaseFacts['instance']> {
  const node = deps.informers.nodes.get(eni.spec.nodeName);
  if (node?.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true)
    return 'unknown';
  const instanceId =
    node === undefined ? await instanceOfGoneNode(deps, eni, signal) : instanceIdOf(node.spec?.providerID);
  if (instanceId === undefined) return node === undefined ? 'gone' : 'unknown';
  const [instance] = await deps.cloud.describeInstances({ instanceIds: [instanceId] }, { signal, priority: 'release' });
  if (instance === undefined) return 'gone';
  return instance.state === 'STOPPED' || instance.state === 'SHUTDOWN' || instance.state === 'TERMINATING'
    ? 'stopped'
    : 'running';
}

/** The node object is gone; its nec may still name the instance. */
async function instanceOfGoneNode(deps: IpamdDeps, eni: VpcEni, signal: AbortSignal): Promise<string | undefined> {
  const known = deps.informers.nodeEniConfigs.get(eni.spec.nodeName)?.spec.instanceID;
  if (known !== undefined) return known;
  try {
    return instanceIdOf((await deps.client.get(nodes, eni.spec.nodeName, { signal })).spec?.providerID);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function warnDeletedInUse(deps: IpamdDeps, eni: VpcEni): Promise<void> {
  const message = `deleted while its Pod ${eni.spec.pod?.namespace}/${eni.spec.pod?.name} lives: the sub-ENI stays until the Pod ends`;
  if (
    eni.status?.conditions?.some((condition) => condition.type === 'Deletable' && condition.message === message) ===
    true
  )
    return;
  deps.recorder.record({ regarding: eni, type: 'Warning', reason: 'DeletedInUse', message });
  const conditions = [...(eni.status?.conditions ?? []).filter((condition) => condition.type !== 'Deletable')];
  conditions.push({
    type: 'Deletable',
    status: 'False',
    reason: 'PodLives',
    message,
    lastTransitionTime: deps.clock.now().toISOString(),
  });
  await writeStatus(deps, eni, { conditions });
}
