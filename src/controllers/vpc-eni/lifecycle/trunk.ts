// One reconcile of a node's trunk: create, attach, tell; or detach and delete once the node is gone.
import { finalizers } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import type { CreateEniRequest } from '../../../cloud/vpc-cloud.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { nodes } from '../../../kube/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { clientToken } from '../../../planning/eni-identity.ts';
import { trunkRequest } from '../../../planning/eni-request.ts';
import { chooseSubnet } from '../../../planning/subnet-choice.ts';
import type { IpamdDeps } from '../../deps.ts';
import { bringIntoBeing } from './bring-into-being.ts';
import { readyCondition, writeStatus } from './conditions.ts';
import type { CreateKind } from './create.ts';

function trunkKind(
  deps: IpamdDeps,
  eni: VpcEni,
  zone: string,
  context: ReconcileContext,
): CreateKind<CreateEniRequest> {
  const values = deps.settings.current();
  return {
    action: 'CreateNetworkInterface',
    prepare: async (attempt) => {
      const choice = chooseSubnet(
        await deps.subnets.get(values.subnetIds, context.signal),
        zone,
        deps.subnets.resting(),
      );
      if (choice.kind === 'none') return { kind: 'blocked', reason: 'NoSubnet', message: choice.reason };
      return {
        kind: 'request',
        request: trunkRequest({
          eni,
          attempt,
          vpcId: values.vpcId,
          subnetId: choice.subnet.subnetId,
          clusterUid: deps.clusterUid,
        }),
      };
    },
    send: (request) => deps.cloud.createEni(request, deps.mutating('warm', 'create', context.signal)),
  };
}

export async function reconcileTrunk(
  deps: IpamdDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  if (await isNodeGone(deps, eni, context.signal)) return removeTrunk(deps, eni, context);
  const nec = deps.informers.nodeEniConfigs.get(eni.spec.nodeName);
  if (nec?.spec.zone === undefined || nec.spec.instanceID === undefined) return undefined;
  if (eni.status?.eni === undefined)
    return bringIntoBeing(deps, eni, trunkKind(deps, eni, nec.spec.zone, context), context, (made) =>
      attach(deps, made, nec.spec.instanceID ?? '', context),
    );
  if (eni.status.phase !== 'Ready') return attach(deps, eni, nec.spec.instanceID, context);
  return undefined;
}

/** Attaches once the ENI is AVAILABLE; Ready once the cloud says it is on the instance. The token makes a repetition harmless. */
async function attach(
  deps: IpamdDeps,
  eni: VpcEni,
  instanceId: string,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const eniId = eni.status?.eni?.eniID ?? '';
  const { operation } = eni.status ?? {};
  const attaching = operation?.action === 'AttachNetworkInterface';
  const seen = deps.watcher.observe(eniId, attaching ? 'attached' : 'available');
  if (seen.state === 'pending') return undefined;
  deps.watcher.forget(eniId);
  if (seen.state === 'gone') {
    await writeStatus(deps, eni, {
      phase: 'Failed',
      clear: ['eni'],
      conditions: readyCondition(
        eni,
        'False',
        'EniVanished',
        `the cloud no longer knows ${eniId}; it is made anew`,
        deps.clock.now(),
      ),
    });
    return { requeueAfterMs: 0 };
  }
  if (seen.eni?.attachment?.instanceId === instanceId) {
    await writeStatus(deps, eni, {
      phase: 'Ready',
      conditions: readyCondition(eni, 'True', 'Attached', `the trunk is attached to ${instanceId}`, deps.clock.now()),
    });
    return undefined;
  }
  const token = clientToken(`${eni.metadata.uid ?? ''}/attach`, operation?.attempt ?? 1);
  const request = { eniId, instanceId, clientToken: token };
  const recorded = attaching
    ? eni
    : await writeStatus(deps, eni, {
        phase: 'Attaching',
        operation: {
          action: 'AttachNetworkInterface',
          request: JSON.stringify(request),
          attempt: operation?.attempt ?? 1,
          clientToken: token,
          holder: deps.identity,
          recordedAt: deps.clock.now().toISOString(),
        },
      });
  await deps.cloud.attachEni(request, deps.mutating('warm', 'create', context.signal));
  deps.watcher.observe(eniId, 'attached');
  deps.enis.wrote(recorded);
  return undefined;
}

/** Sub-ENIs go first: a trunk that still carries one is left. */
async function removeTrunk(
  deps: IpamdDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const carried = deps.informers.vpcEnis
    .byIndex('node', eni.spec.nodeName)
    .some((other) => other.spec.type === 'SubENI');
  if (carried) return undefined;
  const eniId = eni.status?.eni?.eniID;
  if (eniId !== undefined) {
    const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal: context.signal, priority: 'release' });
    if (found !== undefined) {
      const call = deps.mutating('release', 'delete', context.signal);
      const done = found.attachment === undefined ? found.state === 'AVAILABLE' : false;
      if (found.attachment !== undefined && found.state === 'AVAILABLE')
        await deps.cloud.detachEni(
          {
            eniId,
            instanceId: found.attachment.instanceId,
            clientToken: clientToken(`${eni.metadata.uid ?? ''}/detach`, 1),
          },
          call,
        );
      if (done) await deps.cloud.deleteEni(eniId, call);
      return { requeueAfterMs: 1_000 };
    }
  }
  const kept = (eni.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.eni);
  await deps.client.patch(vpcEnis, eni.metadata.name, {
    type: 'merge',
    body: { metadata: { finalizers: kept, resourceVersion: eni.metadata.resourceVersion } },
  });
  await deps.client.delete(vpcEnis, eni.metadata.name);
  return undefined;
}

async function isNodeGone(deps: IpamdDeps, eni: VpcEni, signal: AbortSignal): Promise<boolean> {
  if (deps.informers.nodes.get(eni.spec.nodeName) !== undefined) return false;
  try {
    await deps.client.get(nodes, eni.spec.nodeName, { signal });
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
