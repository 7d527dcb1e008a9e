// One reconcile of a node's trunk ENI: create, attach, ready; once the node is gone and it carries nothing, detach and delete.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { CreateEniRequest } from '../../../cloud/vpc-cloud.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { nodes } from '../../../kube/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { trunkRequest } from '../../../planning/eni-request.ts';
import { chooseSubnet } from '../../../planning/subnet-choice.ts';
import { attachTrunk } from './attach.ts';
import { createEni, type CreateKind } from './create.ts';
import type { LifecycleDeps } from './deps.ts';
import { removeTrunk } from './remove-trunk.ts';
import { ready, writeStatus } from './status.ts';

/** Goes as far as it can in one run; what it waits for brings the object back. */
export async function reconcileTrunk(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  if (await isNodeGone(deps, eni, context.signal)) return removeTrunk(deps, eni, context);
  const { zone, instanceID } = deps.informers.nodeEniConfigs.get(eni.spec.nodeName)?.spec ?? {};
  if (zone === undefined || instanceID === undefined || eni.status?.phase === 'Ready') return undefined;
  const held = deps.settings.held('create');
  if (held !== undefined) {
    await writeStatus(deps, eni, { conditions: ready(eni, 'False', 'Paused', held, deps.clock.now()) });
    return undefined;
  }
  const attach = (made: VpcEni): Promise<ReconcileResult | undefined> => attachTrunk(deps, made, instanceID, context);
  if (eni.status?.eni !== undefined) return attach(eni);
  return createEni({ deps, kind: trunkKind(deps, eni, zone, context), context, done: attach }, eni);
}

function trunkKind(
  deps: LifecycleDeps,
  eni: VpcEni,
  zone: string,
  context: ReconcileContext,
): CreateKind<CreateEniRequest> {
  const { vpcId, subnetIds } = deps.settings.current();
  return {
    action: 'CreateNetworkInterface',
    prepare: async (attempt) => {
      const subnets = await deps.subnets.get(subnetIds, context.signal);
      const choice = chooseSubnet(subnets, zone, deps.subnets.resting());
      if (choice.kind === 'none') return { kind: 'blocked', reason: 'NoSubnet', message: choice.reason, tell: false };
      const { subnetId } = choice.subnet;
      deps.subnets.taken(subnetId);
      return { kind: 'request', request: trunkRequest({ eni, attempt, vpcId, subnetId, clusterUid: deps.clusterUid }) };
    },
    send: (request) => deps.cloud.createEni(request, deps.mutating('warm', 'create', context.signal)),
  };
}

/** Absent from the cache and from the API itself. */
async function isNodeGone(deps: LifecycleDeps, eni: VpcEni, signal: AbortSignal): Promise<boolean> {
  if (deps.informers.nodes.get(eni.spec.nodeName) !== undefined) return false;
  try {
    await deps.client.get(nodes, eni.spec.nodeName, { signal });
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
