// One reconcile of a Pod's sub-ENI: create, wait until its groups are in force, tell; or release once nothing can use it.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { trunkEniName } from '../../../api/vpc-eni.ts';
import type { CreateSubEniRequest } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { subEniRequest } from '../../../planning/eni-request.ts';
import { chooseSubnet, subnetOf } from '../../../planning/subnet-choice.ts';
import { createEni, type CreateKind, type Prepared } from './create.ts';
import type { LifecycleDeps } from './deps.ts';
import { makeAnew } from './make-anew.ts';
import { releaseSubEni, removeFromCloud } from './release.ts';
import { reportAddress } from './report-address.ts';
import { ready, warnOwner, writeStatus } from './status.ts';

/** Goes as far as it can in one run; what it waits for brings the object back. */
export async function reconcileSubEni(
  deps: LifecycleDeps,
  eni: VpcEni,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const release = await releaseSubEni(deps, eni, context);
  if (release.kind === 'releasing') return release.result;
  if (eni.status?.phase === 'Ready') return undefined;
  if (eni.status?.eni !== undefined) return waitForGroups(deps, eni);
  if (isTerminating(deps, eni)) return undefined;
  if (isGivenUp(deps, eni)) return removeFromCloud(deps, eni, context);
  const held = heldBack(deps);
  if (held !== undefined) return say(deps, eni, held);
  return createEni(
    { deps, kind: subEniKind(deps, eni, context), context, done: (made) => waitForGroups(deps, made) },
    eni,
  );
}

/** A Pod that is being deleted before it had an ENI will not start any more. */
function isTerminating(deps: LifecycleDeps, eni: VpcEni): boolean {
  const [pod] = deps.informers.pods.byIndex('uid', eni.spec.pod?.uid ?? '');
  return pod?.metadata.deletionTimestamp !== undefined;
}

/**
 * The cloud refuses the address that the claim kept, and somebody deleted the claim: there is nothing yet that the Pod could use, and it gets
 * another sub-ENI once it has another claim.
 */
function isGivenUp(deps: LifecycleDeps, { spec: { claimed, pod } }: VpcEni): boolean {
  const claim = claimed === true && pod !== undefined ? deps.claims.latest(`${pod.namespace}/${pod.name}`) : undefined;
  return (
    claim?.metadata.deletionTimestamp !== undefined &&
    claim.status?.podUID === pod?.uid &&
    claim.status?.phase === 'Failed'
  );
}

/** Why no sub-ENI is created now; what it waits for brings the object back. */
function heldBack(deps: LifecycleDeps): { readonly reason: string; readonly message: string } | undefined {
  const paused = deps.settings.held('create');
  if (paused !== undefined) return { reason: 'Paused', message: paused };
  const refusal = deps.permission.refusal();
  return refusal === undefined ? undefined : { reason: 'SubEniCallsRefused', message: refusal };
}

async function say(
  deps: LifecycleDeps,
  eni: VpcEni,
  { reason, message }: { readonly reason: string; readonly message: string },
): Promise<undefined> {
  if (reason !== 'Paused') warnOwner(deps, eni, message);
  await writeStatus(deps, eni, {
    phase: 'Pending',
    conditions: ready(eni, 'False', reason, message, deps.clock.now()),
  });
}

/** How the cloud makes a sub-ENI of this VpcENI. */
function subEniKind(deps: LifecycleDeps, eni: VpcEni, context: ReconcileContext): CreateKind<CreateSubEniRequest> {
  return {
    action: 'CreateSubNetworkInterface',
    prepare: (attempt) => prepare(deps, eni, attempt, context.signal),
    send: async (request) => {
      const answer = await deps.cloud.createSubEni(request, deps.mutating('waiting-pod', 'create', context.signal));
      deps.permission.granted();
      return answer;
    },
  };
}

async function prepare(
  deps: LifecycleDeps,
  eni: VpcEni,
  attempt: number,
  signal: AbortSignal,
): Promise<Prepared<CreateSubEniRequest>> {
  const { nodeName } = eni.spec;
  const nec = deps.informers.nodeEniConfigs.get(nodeName);
  const trunk = deps.enis.latest(trunkEniName(nodeName));
  const trunkEniId = trunk?.status?.phase === 'Ready' ? trunk.status.eni?.eniID : undefined;
  const zone = nec?.spec.zone;
  if (trunkEniId === undefined || zone === undefined) {
    const quota = nec?.status?.subENI;
    const why = quota?.quota === 0 ? `: it may carry none: ${quota.reason}` : '';
    const message = `the trunk ENI of node ${nodeName} is not ready${why}`;
    return { kind: 'blocked', reason: 'TrunkNotReady', message, tell: why !== '' };
  }
  const { vpcId, subnetIds } = deps.settings.current();
  const subnets = await deps.subnets.get(subnetIds, signal);
  const { address } = eni.spec;
  const choice =
    address === undefined ? chooseSubnet(subnets, zone, deps.subnets.resting()) : subnetOf(address, subnets);
  if (choice.kind === 'none') return { kind: 'blocked', reason: 'NoSubnet', message: choice.reason, tell: true };
  const { subnetId } = choice.subnet;
  deps.subnets.taken(subnetId);
  const request = subEniRequest({ eni, attempt, vpcId, subnetId, clusterUid: deps.clusterUid, trunkEniId });
  return { kind: 'request', request };
}

/** Ready once the fabric enforces the groups; the watcher brings us back when it knows more. */
async function waitForGroups(deps: LifecycleDeps, eni: VpcEni): Promise<ReconcileResult | undefined> {
  const eniId = eni.status?.eni?.eniID ?? '';
  const seen = deps.watcher.observe(eniId, 'groups-ready');
  switch (seen.state) {
    case 'pending':
      return undefined;
    case 'ready': {
      const conditions = ready(
        eni,
        'True',
        'GroupsInForce',
        'the ENI exists and its groups are in force',
        deps.clock.now(),
      );
      const done = await writeStatus(deps, eni, { phase: 'Ready', conditions });
      deps.watcher.forget(eniId);
      reportAddress(deps, done);
      return undefined;
    }
    case 'gone':
      return makeAnew(deps, eni, { message: `the cloud no longer knows ${eniId}; another one is made`, eniId });
  }
}
