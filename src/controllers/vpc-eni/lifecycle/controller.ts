// The controller of VpcENI objects: node ENIs and sub-ENIs from intent to release.
import { annotations } from '../../../api/keys.ts';
import { subEniName } from '../../../api/vpc-eni.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange, ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { isMarked } from '../../adoption/foreign-install.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { LifecycleDeps, PoolHooks } from './deps.ts';
import { reconcileNodeEni } from './node-eni.ts';
import { reportsReady } from './node-eni-facts.ts';
import { createProgress } from './progress.ts';
import { reconcileSubEni } from './sub-eni.ts';

/** More than creations ever wait for the cloud's budget, so that they hold up no attach and no delete, which have budgets of their own. */
const CONCURRENCY = 512;

/** `pools` says what shared addresses mean for a node's ENIs. Objects without our marker are left alone. */
export function createVpcEniLifecycle(common: IpamdDeps, pools: PoolHooks): Controller {
  const { informers, clock, logger } = common;
  const deps: LifecycleDeps = { ...common, pools, progress: createProgress() };
  const onNode = (name: string): string[] => informers.vpcEnis.byIndex('node', name).map((eni) => eni.metadata.name);
  return createController({
    name: 'vpc-eni.lifecycle',
    clock,
    logger,
    concurrency: CONCURRENCY,
    watches: [
      watchOf(informers.vpcEnis, ownKey),
      watchOf(informers.vpcEnis, (change) => (unblocksNode(change) ? onNode(nodeOf(change)) : [])),
      // A Pod that ends releases its sub-ENI.
      watchOf(informers.pods, ({ before, after }) =>
        after === undefined || after.ended ? [subEniName((after ?? before)?.metadata.uid ?? '')] : [],
      ),
      // A claim that is bound, deleted or edited decides what becomes of the sub-ENI that it keeps.
      watchOf(informers.vpcIpClaims, ({ key }) =>
        informers.vpcEnis.byIndex('pod', key).flatMap((eni) => (eni.spec.claimed === true ? [eni.metadata.name] : [])),
      ),
      watchOf(informers.nodeEniConfigs, ({ key, after, before }) =>
        after?.spec.zone === before?.spec.zone && after?.spec.instanceID === before?.spec.instanceID ? [] : onNode(key),
      ),
      watchOf(informers.nodes, ({ type, key, before, after }) =>
        type === 'deleted' || standing(before) !== standing(after) ? onNode(key) : [],
      ),
      // The last Pod of a node that is gone lets its ENIs go.
      watchOf(informers.pods, ({ before, after }) =>
        after === undefined && informers.nodes.get(before?.nodeName ?? '') === undefined
          ? onNode(before?.nodeName ?? '')
          : [],
      ),
    ],
    sources: [
      (enqueue, signal) => {
        const stops = subscriptions(deps, enqueue);
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile: (name, context) => reconcile(deps, name, context),
  });
}

async function reconcile(
  deps: LifecycleDeps,
  name: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const eni = deps.enis.latest(name);
  // An unmarked object belongs to another install; a released one is only still in the cache.
  if (eni === undefined || !isMarked(eni) || deps.progress.released(eni.metadata.uid ?? '')) return undefined;
  try {
    return eni.spec.type === 'SubENI'
      ? await reconcileSubEni(deps, eni, context)
      : await reconcileNodeEni(deps, eni, context);
  } catch (error) {
    // Only our own object can be missing here: the API has forgotten what we wrote.
    if (isNotFound(error)) deps.enis.forget(name);
    throw error;
  }
}

/** A trunk that became ready lets the node's sub-ENIs go on; when the last of them is gone the trunk may go. */
function unblocksNode({ before, after }: InformerChange<VpcEni>): boolean {
  if ((after ?? before)?.spec.type === 'SubENI') return after === undefined;
  // Kept sub-ENIs must not hold up a trunk that is to go.
  if (after?.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined) return true;
  return after?.status?.phase === 'Ready' && before?.status?.phase !== 'Ready';
}

/** What of a node decides about its ENIs. */
const standing = (node: Node | undefined): string =>
  JSON.stringify([
    node?.spec?.providerID,
    reportsReady(node),
    node?.metadata.annotations?.[annotations.disableNodeEni],
  ]);

const nodeOf = ({ before, after }: InformerChange<VpcEni>): string => (after ?? before)?.spec.nodeName ?? '';

/** What no informer tells: the cloud's answers, the add-on values, the account's permission; and when to forget. */
function subscriptions(deps: LifecycleDeps, enqueue: (name: string) => void): readonly (() => void)[] {
  const { informers, enis, progress } = deps;
  const all = (): void => {
    for (const eni of informers.vpcEnis.list()) enqueue(eni.metadata.name);
    for (const eni of enis.unseen()) enqueue(eni.metadata.name);
  };
  return [
    deps.watcher.onChange((eniId) => {
      for (const eni of informers.vpcEnis.byIndex('eni', eniId)) enqueue(eni.metadata.name);
      for (const eni of enis.unseen()) if (eni.status?.eni?.eniID === eniId) enqueue(eni.metadata.name);
    }),
    deps.settings.onChange(all),
    deps.permission.onChange(all),
    informers.vpcEnis.onChange(({ type, before }) => {
      if (type === 'deleted') progress.forget(before?.metadata.uid ?? '');
    }),
  ];
}
