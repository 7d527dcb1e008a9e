// One NodeENIConfig per node with a CVM behind it: instance, zone, model, and the sub-ENI quota with its reason.
import { fieldManagers, labels, MANAGED_BY, SUPER_NODE_INSTANCE_TYPE } from '../../../api/keys.ts';
import { nodeEniConfigs } from '../../../api/node-eni-config.ts';
import type { NodeEniConfig, NodeEniConfigStatus } from '../../../api/node-eni-config.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { EniLimits, Instance } from '../../../cloud/vpc-cloud.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/api-error.ts';
import { applyStatus } from '../../../kube/apply.ts';
import { setCondition } from '../../../kube/conditions.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Condition, Controller, ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { eniIndex } from '../../../planning/eni-index.ts';
import { instanceIdOf } from '../../../planning/provider-id.ts';
import { planSubEniQuota } from '../../../planning/sub-eni-quota.ts';
import type { IpamdDeps } from '../../deps.ts';

/** The cloud's limits of an instance rarely change; asked again at this distance. */
const LIMITS_FRESH_MS = 600_000;

interface InstanceFacts {
  readonly instance: Instance;
  readonly limits: EniLimits;
  readonly at: number;
}

export function createNodeConfig(deps: IpamdDeps): Controller {
  const { informers, clock, logger, settings, permission } = deps;
  const facts = new Map<string, InstanceFacts>();
  const allNodes = (): readonly string[] => informers.nodes.list().map((node) => node.metadata.name);

  const instanceFacts = async (instanceId: string, context: ReconcileContext): Promise<InstanceFacts | undefined> => {
    const known = facts.get(instanceId);
    if (known !== undefined && clock.monotonicMs() - known.at < LIMITS_FRESH_MS) return known;
    const [instance] = await deps.cloud.describeInstances(
      { instanceIds: [instanceId] },
      { signal: context.signal, priority: 'warm' },
    );
    if (instance === undefined) return undefined;
    const limits = await deps.cloud.describeEniLimits(instanceId, { signal: context.signal, priority: 'warm' });
    const fresh = { instance, limits, at: clock.monotonicMs() };
    facts.set(instanceId, fresh);
    return fresh;
  };

  const reconcile = async (name: string, context: ReconcileContext): Promise<ReconcileResult | undefined> => {
    const node = informers.nodes.get(name);
    if (node === undefined) return removeConfig(deps, name);
    const instanceId = managedInstance(node);
    if (instanceId === undefined) return undefined;
    const known = await instanceFacts(instanceId, context);
    const nec = await ensureConfig(deps, name, instanceId, known?.instance);
    const trunk = deps.enis.latest(trunkEniName(name));
    const refusal = permission.refusal();
    const quota = planSubEniQuota({
      trunkingEnabled: settings.current()['vpcCni.trunkingEni.enableSubEni'],
      callsRefused: refusal !== undefined,
      ...(known === undefined
        ? {}
        : {
            instanceType: known.instance.instanceType,
            cpu: known.instance.cpu,
            cloudQuantity: known.limits.subEniQuantity,
          }),
      ...(nec.spec.maxSubENI === undefined ? {} : { override: nec.spec.maxSubENI }),
    });
    const condition =
      known === undefined
        ? {
            type: 'Ready',
            status: 'False' as const,
            reason: 'InstanceUnknown',
            message: `the cloud knows no instance ${instanceId}`,
          }
        : refusal === undefined
          ? { type: 'Ready', status: 'True' as const, reason: 'Configured', message: quota.reason }
          : { type: 'Ready', status: 'False' as const, reason: 'SubEniCallsRefused', message: refusal };
    await writeConfigStatus(deps, nec, {
      subENI: quota,
      eniInfos: eniInfosOf(nec, trunk),
      conditions: [...setCondition(nec.status?.conditions as Condition[] | undefined, condition, clock.now())],
    });
    return known === undefined ? { requeueAfterMs: 30_000 } : { requeueAfterMs: LIMITS_FRESH_MS };
  };

  return createController({
    name: 'node.config',
    clock,
    logger,
    concurrency: 8,
    watches: [
      watchOf(informers.nodes, ({ key, before, after }) =>
        before !== undefined && after !== undefined && before.spec?.providerID === after.spec?.providerID ? [] : [key],
      ),
      watchOf(informers.nodeEniConfigs, ownKey),
      watchOf(informers.vpcEnis, ({ before, after }) =>
        (after ?? before)?.spec.type === 'Trunk' ? [(after ?? before)?.spec.nodeName ?? ''] : [],
      ),
    ],
    sources: [
      (enqueue, signal) => {
        const again = (): void => {
          for (const name of allNodes()) enqueue(name);
        };
        const stops = [settings.onChange(again), permission.onChange(again)];
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile,
  });
}

/** The CVM of a general or native node; nothing for super nodes and for nodes that are no CVM of this cloud. */
export function managedInstance(node: Node): string | undefined {
  if (node.metadata.labels?.[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE) return undefined;
  return instanceIdOf(node.spec?.providerID);
}

/** Creates the nec, or fills in what only the cloud knows; fields that users write are left alone. */
async function ensureConfig(
  deps: IpamdDeps,
  name: string,
  instanceID: string,
  instance: Instance | undefined,
): Promise<NodeEniConfig> {
  const spec = {
    instanceID,
    ...(instance === undefined ? {} : { zone: instance.zone, instanceType: instance.instanceType }),
  };
  const existing = deps.informers.nodeEniConfigs.get(name);
  if (existing === undefined) {
    const object: NodeEniConfig = {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'NodeENIConfig',
      metadata: { name, labels: { [labels.managedBy]: MANAGED_BY } },
      spec,
    };
    try {
      return await deps.client.create(nodeEniConfigs, object);
    } catch (error) {
      if (isAlreadyExists(error)) return deps.client.get(nodeEniConfigs, name);
      throw error;
    }
  }
  const same = Object.entries(spec).every(
    ([field, value]) => (existing.spec as Record<string, unknown>)[field] === value,
  );
  return same ? existing : deps.client.patch(nodeEniConfigs, name, { type: 'merge', body: { spec } });
}

/** The trunk as nec.status.eniInfos tells it, with an index that stays. */
function eniInfosOf(nec: NodeEniConfig, trunk: VpcEni | undefined): NonNullable<NodeEniConfigStatus['eniInfos']> {
  const eni = trunk?.status?.eni;
  if (eni === undefined || trunk?.status?.phase !== 'Ready') return [];
  return [
    {
      eniID: eni.eniID,
      index: eniIndex(nec.status?.eniInfos ?? [], eni.eniID),
      mac: eni.macAddress,
      primaryIP: eni.addresses[0]?.ip ?? '',
      subnetID: eni.subnetID,
      subnetCIDR: eni.subnetCIDR,
      gateway: eni.gateway,
      securityGroups: eni.securityGroups,
      trunk: true,
    },
  ];
}

async function writeConfigStatus(
  deps: IpamdDeps,
  nec: NodeEniConfig,
  status: Pick<NodeEniConfigStatus, 'subENI' | 'eniInfos' | 'conditions'>,
): Promise<void> {
  const { subENI, eniInfos = [], conditions } = nec.status ?? {};
  if (
    JSON.stringify({ subENI, eniInfos, conditions }) ===
    JSON.stringify({ subENI: status.subENI, eniInfos: status.eniInfos, conditions: status.conditions })
  )
    return;
  await applyStatus(deps.client, nodeEniConfigs, nec.metadata.name, { fieldManager: fieldManagers.ipamd, status });
}

/** The node is gone: its nec stays while it still carries ENIs, which are found through it. */
async function removeConfig(deps: IpamdDeps, name: string): Promise<ReconcileResult | undefined> {
  if (deps.informers.nodeEniConfigs.get(name) === undefined) return undefined;
  if (deps.informers.vpcEnis.byIndex('node', name).length > 0) return { requeueAfterMs: 5_000 };
  try {
    await deps.client.delete(nodeEniConfigs, name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return undefined;
}
