// One reconcile of a Pod's sub-ENI: create, wait until its groups are in force, tell; or release once nothing can use it.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import type { CreateSubEniRequest } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { chooseSubnet } from '../../../planning/subnet-choice.ts';
import { subEniRequest } from '../../../planning/eni-request.ts';
import type { IpamdDeps } from '../../deps.ts';
import { readyCondition, writeStatus } from './conditions.ts';
import { bringIntoBeing } from './bring-into-being.ts';
import type { CreateKind } from './create.ts';
import { reportAddress } from './report-address.ts';
import { releaseSubEni } from './release.ts';

/** How the cloud makes a sub-ENI of this VpcENI. */
function subEniKind(deps: IpamdDeps, eni: VpcEni, context: ReconcileContext): CreateKind<CreateSubEniRequest> {
  const values = deps.settings.current();
  return {
    action: 'CreateSubNetworkInterface',
    prepare: async (attempt) => {
      const refusal = deps.permission.refusal();
      if (refusal !== undefined) return { kind: 'blocked', reason: 'SubEniCallsRefused', message: refusal };
      const trunk = deps.enis.latest(trunkEniName(eni.spec.nodeName));
      const trunkEniId = trunk?.status?.phase === 'Ready' ? trunk.status.eni?.eniID : undefined;
      if (trunkEniId === undefined)
        return {
          kind: 'blocked',
          reason: 'TrunkNotReady',
          message: `the trunk ENI of node ${eni.spec.nodeName} is not ready`,
        };
      const zone = deps.informers.nodeEniConfigs.get(eni.spec.nodeName)?.spec.zone;
      if (zone === undefined)
        return {
          kind: 'blocked',
          reason: 'ZoneUnknown',
          message: `the zone of node ${eni.spec.nodeName} is not known yet`,
        };
      const choice = chooseSubnet(
        await deps.subnets.get(values.subnetIds, context.signal),
        zone,
        deps.subnets.resting(),
      );
      if (choice.kind === 'none') return { kind: 'blocked', reason: 'NoSubnet', message: choice.reason };
      return {
        kind: 'request',
        request: subEniRequest({
          eni,
          attempt,
          vpcId: values.vpcId,
          subnetId: choice.subnet.subnetId,
          clusterUid: deps.clusterUid,
          trunkEniId,
        }),
      };
    },
    send: (request) => deps.cloud.createSubEni(request, deps.mutating('waiting-pod', 'create', context.signal)),
  };
}

export async function reconcileSubEni(
  deps: IpamdDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const release = await releaseSubEni(deps, eni, context);
  if (release.kind !== 'keep') return release.result;
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined)
    return bringIntoBeing(deps, eni, subEniKind(deps, eni, context), context, (made) => waitForGroups(deps, made));
  if (eni.status?.phase !== 'Ready') return waitForGroups(deps, eni);
  return undefined;
}

/** Ready once the fabric enforces the groups; the watcher brings us back when it knows more. */
async function waitForGroups(deps: IpamdDeps, eni: VpcEni): Promise<ReconcileResult | undefined> {
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined) return undefined;
  const seen = deps.watcher.observe(eniId, 'groups-ready');
  if (seen.state === 'pending') return undefined;
  deps.watcher.forget(eniId);
  if (seen.state === 'gone') {
    // Positive evidence that the attempt left nothing: the cloud no longer knows its ENI.
    await writeStatus(deps, eni, {
      phase: 'Pending',
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
  const ready = await writeStatus(deps, eni, {
    phase: 'Ready',
    conditions: readyCondition(
      eni,
      'True',
      'GroupsInForce',
      'the ENI exists and its groups are in force',
      deps.clock.now(),
    ),
  });
  reportAddress(deps, ready);
  return undefined;
}
