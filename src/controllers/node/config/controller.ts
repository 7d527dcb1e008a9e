// One NodeENIConfig per node with a CVM behind it: instance, zone, model, and the sub-ENI quota with its reason.
import { fieldManagers, labels, MANAGED_BY } from '../../../api/keys.ts';
import { nodeEniConfigs } from '../../../api/node-eni-config.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import { isAlreadyExists } from '../../../kube/api-error.ts';
import { applyStatus } from '../../../kube/apply.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange, ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../managed-instance.ts';
import { createInstanceFacts, FACTS_FRESH_MS, type InstanceFactsSource } from './facts.ts';
import { type OwnNecStatus, planNecStatus, specFromCloud } from './plan-status.ts';

const LOOK_SOON_MS = 30_000;

/** The only writer of ipamd's part of a nec's status. Super nodes and nodes that are no CVM have none. */
export function createNodeConfig(deps: IpamdDeps): Controller {
  const { informers, clock, logger, settings, permission } = deps;
  const facts = createInstanceFacts(deps.cloud, deps.instances, clock);
  return createController({
    name: 'node.config',
    clock,
    logger,
    // Wide, so that many nodes share one describe.
    concurrency: 64,
    watches: [
      watchOf(informers.nodes, (change) => (concernsConfig(change) ? [change.key] : [])),
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.vpcEnis, ({ type, before, after }) => {
        const eni = after ?? before;
        return eni?.spec.type === 'Trunk' || type === 'deleted' ? [eni?.spec.nodeName ?? ''] : [];
      }),
    ],
    sources: [
      (enqueue, signal) => {
        const again = (): void => informers.nodes.list().forEach((node) => enqueue(node.metadata.name));
        const stops = [settings.onChange(again), permission.onChange(again)];
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile: (name, context) => reconcile(deps, facts, name, context),
  });
}

// Kubelets write their nodes every few seconds; of that, only this decides.
function concernsConfig({ before, after }: InformerChange<Node>): boolean {
  if (before === undefined || after === undefined) return true;
  return managedInstance(before) !== managedInstance(after);
}

async function reconcile(
  deps: IpamdDeps,
  source: InstanceFactsSource,
  name: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const node = deps.informers.nodes.get(name);
  if (node === undefined) return removeConfig(deps, name);
  const instanceId = managedInstance(node);
  if (instanceId === undefined) return undefined;
  const known = await source.get(instanceId, context.signal);
  const nec = await ensureConfig(deps, name, specFromCloud(instanceId, known));
  await writeNecStatus(
    deps,
    nec,
    planNecStatus({
      nec,
      instanceId,
      known,
      trunk: deps.enis.latest(trunkEniName(name)),
      trunkingEnabled: deps.settings.current()['vpcCni.trunkingEni.enableSubEni'],
      refusal: deps.permission.refusal(),
      now: deps.clock.now(),
    }),
  );
  return { requeueAfterMs: known === undefined ? LOOK_SOON_MS : FACTS_FRESH_MS };
}

async function ensureConfig(deps: IpamdDeps, name: string, spec: NodeEniConfig['spec']): Promise<NodeEniConfig> {
  const existing = deps.informers.nodeEniConfigs.get(name);
  if (existing === undefined) return createConfig(deps, name, spec);
  const current = existing.spec as Record<string, unknown>;
  if (Object.entries(spec).every(([field, value]) => current[field] === value)) return existing;
  const { resourceVersion } = existing.metadata;
  return deps.client.patch(nodeEniConfigs, name, { type: 'merge', body: { metadata: { resourceVersion }, spec } });
}

async function createConfig(deps: IpamdDeps, name: string, spec: NodeEniConfig['spec']): Promise<NodeEniConfig> {
  const metadata = { name, labels: { [labels.managedBy]: MANAGED_BY } };
  const object = { apiVersion: 'networking.tke.cloud.tencent.com/v1', kind: 'NodeENIConfig', metadata, spec };
  try {
    return await deps.client.create<NodeEniConfig>(nodeEniConfigs, object);
  } catch (error) {
    // Ours, which the cache does not show yet.
    if (isAlreadyExists(error)) return deps.client.get(nodeEniConfigs, name);
    throw error;
  }
}

/** The version is the lock, since the index of an ENI is derived from what is there. */
async function writeNecStatus(deps: IpamdDeps, nec: NodeEniConfig, status: OwnNecStatus): Promise<void> {
  const { subENI, eniInfos = [], conditions = [] } = nec.status ?? {};
  if (JSON.stringify({ subENI, eniInfos, conditions }) === JSON.stringify(status)) return;
  const { name, resourceVersion, uid } = nec.metadata;
  await applyStatus(deps.client, nodeEniConfigs, name, {
    fieldManager: fieldManagers.ipamd,
    status,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  });
}

/** The node is gone: its nec stays while the node still has ENIs, whose instance is found through it. */
async function removeConfig(deps: IpamdDeps, name: string): Promise<undefined> {
  if (deps.informers.nodeEniConfigs.get(name) === undefined) return;
  if (deps.informers.vpcEnis.byIndex('node', name).length > 0) return;
  await deps.client.delete(nodeEniConfigs, name);
}
