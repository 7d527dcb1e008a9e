// One NodeENIConfig per node with a CVM behind it: instance, zone, model, quotas with their reasons, targets, and its ENIs.
import { annotations } from '../../../api/keys.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange, ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { managedInstance } from '../managed-instance.ts';
import { writeNecStatus } from '../nec-status.ts';
import { nodeEnisOf, staysOn } from '../pool/pool-enis.ts';
import { tellNode } from '../tell-node.ts';
import { createInstanceFacts, FACTS_FRESH_MS, type InstanceFactsSource } from './facts.ts';
import { targetDoubts, targetsOfNewNodes } from './default-targets.ts';
import { ensureNec, removeNec } from './nec-object.ts';
import { planRouteEni } from './plan-route-eni.ts';
import { planNecStatus, POOL_SETTINGS, specFromCloud } from './plan-status.ts';

const LOOK_SOON_MS = 30_000;

/** Super nodes and nodes that are no CVM have no nec. */
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
      watchOf(informers.vpcEnis, (change) => (concernsEnis(change) ? [nodeOf(change)] : [])),
    ],
    sources: [
      (enqueue, signal) => {
        const again = (): void => informers.nodes.list().forEach((node) => enqueue(node.metadata.name));
        const tellDoubts = createDoubtLog(deps);
        tellDoubts();
        const stops = [settings.onChange(again), settings.onChange(tellDoubts), permission.onChange(again)];
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile: (name, context) => reconcile(deps, facts, name, context),
  });
}

/** Each doubt about the default targets is told once, until it changes. */
function createDoubtLog(deps: IpamdDeps): () => void {
  let told: readonly string[] = [];
  return () => {
    const doubts = targetDoubts(deps);
    for (const which of doubts)
      if (!told.includes(which)) deps.logger.warn({ which }, 'default warm targets of new nodes');
    told = doubts;
  };
}

// Kubelets write their nodes every few seconds; of that, only this decides.
function concernsConfig({ before, after }: InformerChange<Node>): boolean {
  if (before === undefined || after === undefined) return true;
  const desired = (node: Node): string | undefined => node.metadata.annotations?.[annotations.desiredRouteEniPodNum];
  return managedInstance(before) !== managedInstance(after) || desired(before) !== desired(after);
}

const nodeOf = ({ before, after }: InformerChange<VpcEni>): string => (after ?? before)?.spec.nodeName ?? '';

// Agents report the use of addresses with each Pod; of that, only how full an ENI is decides, and only when caps are lowered.
function concernsEnis({ type, before, after }: InformerChange<VpcEni>): boolean {
  if (type === 'deleted') return true;
  if (after?.spec.type === 'SubENI') return false;
  const shown = (eni: VpcEni | undefined): string =>
    JSON.stringify([
      eni?.metadata.deletionTimestamp,
      eni?.status?.phase,
      eni?.status?.eni?.eniID,
      eni?.status?.eni?.securityGroups,
    ]);
  return shown(before) !== shown(after);
}

async function reconcile(
  deps: IpamdDeps,
  source: InstanceFactsSource,
  name: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const node = deps.informers.nodes.get(name);
  if (node === undefined) return removeNec(deps, name);
  const instanceId = managedInstance(node);
  if (instanceId === undefined) return undefined;
  const known = await source.get(instanceId, context.signal);
  const nec = await ensureNec(deps, name, specFromCloud(instanceId, known));
  const enis = nodeEnisOf(deps, name);
  const routeEni = planRouteEni({
    nec,
    known,
    enis: enis.filter((eni) => staysOn(eni, instanceId)),
    defaults: targetsOfNewNodes(deps).targets,
    nodeAnnotations: node.metadata.annotations ?? {},
  });
  const written = await writeNecStatus(
    deps,
    nec,
    planNecStatus({
      nec,
      instanceId,
      known,
      enis: enis.filter(({ spec }) => spec.instanceID === undefined || spec.instanceID === instanceId),
      routeEni,
      trunkingEnabled: deps.settings.current()['vpcCni.trunkingEni.enableSubEni'],
      refusal: deps.permission.refusal(),
      now: deps.clock.now(),
    }),
  );
  if (routeEni.accepted !== undefined)
    tellNode(deps, name, { type: 'Normal', reason: 'SucceedSetRouteENIWarmTarget', message: routeEni.accepted });
  const settings = settingsOf(written);
  if (settings?.status === 'False' && settings.message !== settingsOf(nec)?.message)
    tellNode(deps, name, { type: 'Warning', reason: settings.reason, message: settings.message });
  return { requeueAfterMs: known === undefined ? LOOK_SOON_MS : FACTS_FRESH_MS };
}

const settingsOf = (nec: NodeEniConfig): { status: string; reason: string; message: string } | undefined =>
  nec.status?.conditions?.find((condition) => condition.type === POOL_SETTINGS);
