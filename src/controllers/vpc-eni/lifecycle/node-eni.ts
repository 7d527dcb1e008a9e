// One reconcile of a node's ENI, trunk or shared: create, attach, ready; unbound while its instance is shut down; removed at its end.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { CreateEniRequest } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { nodeEniRequest } from '../../../planning/eni-request.ts';
import { planNodeEniFate } from '../../../planning/node-eni-fate.ts';
import { chooseSubnet, nodeSubnetIds } from '../../../planning/subnet-choice.ts';
import { attachNodeEni } from './attach.ts';
import { createEni, type CreateKind, type Prepared } from './create.ts';
import type { LifecycleDeps } from './deps.ts';
import { nodeEniFacts } from './node-eni-facts.ts';
import { removeNodeEni } from './remove-node-eni.ts';
import { ready, writeStatus } from './status.ts';
import { unbindNodeEni } from './unbind.ts';

/** Goes as far as it can in one run; what it waits for brings the object back. */
export async function reconcileNodeEni(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const facts = await nodeEniFacts(deps, eni, context.signal);
  const fate = planNodeEniFate(facts);
  const asks = facts.instance !== 'unknown' ? { requeueAfterMs: deps.timings.askInstanceMs } : undefined;
  switch (fate.kind) {
    case 'leave':
      return undefined;
    case 'wait':
      return asks;
    case 'remove':
      return removeNodeEni(deps, eni, fate.reason, context);
    case 'unbind':
      return unbindNodeEni(deps, eni, fate.reason, context);
    case 'keep':
      return (await bringUp(deps, eni, facts.madeFor, context)) ?? asks;
  }
}

async function bringUp(
  deps: LifecycleDeps,
  eni: VpcEni,
  instanceId: string | undefined,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const zone = deps.informers.nodeEniConfigs.get(eni.spec.nodeName)?.spec.zone;
  if (zone === undefined || instanceId === undefined || eni.status?.phase === 'Ready') return undefined;
  const held = deps.settings.held('create');
  if (held !== undefined) {
    await writeStatus(deps, eni, { conditions: ready(eni, 'False', 'Paused', held, deps.clock.now()) });
    return undefined;
  }
  const attach = (made: VpcEni): Promise<ReconcileResult | undefined> => attachNodeEni(deps, made, instanceId, context);
  if (eni.status?.eni !== undefined) return attach(eni);
  return createEni({ deps, kind: nodeEniKind(deps, eni, zone, context), context, done: attach }, eni);
}

function nodeEniKind(
  deps: LifecycleDeps,
  eni: VpcEni,
  zone: string,
  context: ReconcileContext,
): CreateKind<CreateEniRequest> {
  return {
    action: 'CreateNetworkInterface',
    prepare: (attempt) => prepare(deps, eni, { attempt, zone }, context.signal),
    send: (request) => {
      const priority = deps.pools.isUrgent(eni) ? 'waiting-pod' : 'warm';
      return deps.cloud.createEni(request, deps.mutating(priority, 'create', context.signal));
    },
  };
}

async function prepare(
  deps: LifecycleDeps,
  eni: VpcEni,
  { attempt, zone }: { readonly attempt: number; readonly zone: string },
  signal: AbortSignal,
): Promise<Prepared<CreateEniRequest>> {
  const wanted = deps.pools.firstAddresses(eni);
  if (wanted === undefined)
    return {
      kind: 'blocked',
      reason: 'LimitsUnknown',
      message: 'the limits of the node are not known yet',
      tell: false,
    };
  const { vpcId, subnetIds } = deps.settings.current();
  const node = deps.informers.nodes.get(eni.spec.nodeName);
  const { subnetID } = eni.spec;
  const candidates = subnetID === undefined ? nodeSubnetIds(node?.metadata.labels ?? {}, subnetIds) : [subnetID];
  const choice = chooseSubnet(await deps.subnets.get(candidates, signal), zone, deps.subnets.resting());
  if (choice.kind === 'none') return { kind: 'blocked', reason: 'NoSubnet', message: choice.reason, tell: true };
  const { subnetId, availableIpCount } = choice.subnet;
  // The ENI's own address comes first; what is missing is bound from elsewhere, or later.
  const secondaryAddressCount = Math.max(0, Math.min(wanted, availableIpCount - 1));
  deps.subnets.taken(subnetId, 1 + secondaryAddressCount);
  const { clusterUid } = deps;
  return {
    kind: 'request',
    request: nodeEniRequest({ eni, attempt, vpcId, subnetId, clusterUid, secondaryAddressCount }),
  };
}
