// Bringing an ENI of a VpcENI into being: intent, fenced call with recorded bytes, wait, ready.
import type { VpcEni, VpcEniOperation } from '../../../api/vpc-eni.ts';
import { TrunklineError } from '../../../base/errors.ts';
import { cloudErrors } from '../../../cloud/errors.ts';
import type { CreateEniRequest, CreateSubEniRequest, Eni } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext } from '../../../kube/types.ts';
import { gatewayOf } from '../../../planning/eni-request.ts';
import type { IpamdDeps } from '../../deps.ts';
import { explain, readyCondition, writeStatus } from './conditions.ts';

/** After an answer that will not change by itself (missing group, no permission): look again, in case a person mended it. */
export const LOOK_AGAIN_MS = 30_000;

export type Prepared<R> =
  | { readonly kind: 'request'; readonly request: R }
  | { readonly kind: 'blocked'; readonly reason: string; readonly message: string };

export interface CreateKind<R extends CreateEniRequest | CreateSubEniRequest> {
  readonly action: VpcEniOperation['action'];
  /** The body of a new attempt. */
  prepare(attempt: number): Promise<Prepared<R>>;
  send(request: R): Promise<{ readonly eni: Eni; readonly taskId: string }>;
}

/** Records the exact request before anything is sent; the write's lock is part of the fence (DESIGN, decisions 3 and 4). */
export async function recordOperation<R extends CreateEniRequest | CreateSubEniRequest>(
  deps: IpamdDeps,
  eni: VpcEni,
  kind: CreateKind<R>,
  attempt: number,
): Promise<VpcEni> {
  const prepared = await kind.prepare(attempt);
  if (prepared.kind === 'blocked')
    return writeStatus(deps, eni, {
      phase: 'Pending',
      conditions: readyCondition(eni, 'False', prepared.reason, prepared.message, deps.clock.now()),
    });
  const operation: VpcEniOperation = {
    action: kind.action,
    request: JSON.stringify(prepared.request),
    attempt,
    clientToken: prepared.request.clientToken,
    holder: deps.identity,
    recordedAt: deps.clock.now().toISOString(),
  };
  return writeStatus(deps, eni, {
    phase: 'Creating',
    operation,
    conditions: readyCondition(eni, 'False', 'Creating', 'the cloud is asked for the ENI', deps.clock.now()),
  });
}

/** Sends what is recorded, byte for byte, and records what the cloud gave. */
export async function sendOperation<R extends CreateEniRequest | CreateSubEniRequest>(
  deps: IpamdDeps,
  eni: VpcEni,
  kind: CreateKind<R>,
  context: ReconcileContext,
): Promise<VpcEni> {
  const { operation } = eni.status ?? {};
  if (operation === undefined) return eni;
  // Ours alone: written by `recordOperation` from a typed value.
  const request = JSON.parse(operation.request) as R;
  const { eni: made, taskId } = await kind.send(request);
  const subnet = await deps.subnets.find(made.subnetId, context.signal);
  if (subnet === undefined)
    throw new Error(`subnet ${made.subnetId} of ENI ${made.eniId} is not described by the cloud`);
  return writeStatus(deps, eni, {
    phase: eni.spec.type === 'Trunk' ? 'Attaching' : 'Creating',
    operation: { ...operation, requestID: taskId },
    eni: {
      eniID: made.eniId,
      macAddress: made.mac,
      addresses: made.addresses.map(({ ip, primary }) => ({ ip, primary })),
      ...(made.vlanId === undefined ? {} : { vlanID: made.vlanId }),
      subnetID: made.subnetId,
      subnetCIDR: subnet.cidr,
      gateway: gatewayOf(subnet.cidr),
      ...(made.trunkEniId === undefined ? {} : { trunkENIID: made.trunkEniId }),
      securityGroups: [...(made.securityGroups.length > 0 ? made.securityGroups : request.securityGroups)],
    },
  });
}

/**
 * What an error of the creating call means for the record. The service answered with a refusal: nothing was made, so the next attempt may be another
 * one. No answer: the same bytes go out again, by throwing.
 */
export async function afterRefusal(
  deps: IpamdDeps,
  eni: VpcEni,
  error: unknown,
): Promise<'same-again' | 'new-attempt' | 'look-again'> {
  const { operation } = eni.status ?? {};
  if (!(error instanceof TrunklineError) || operation === undefined) return 'same-again';
  if (error.code === cloudErrors.subnetDry.code) {
    const { subnetId } = JSON.parse(operation.request) as { subnetId: string };
    deps.subnets.rest(subnetId);
    return 'new-attempt';
  }
  if (error.code === cloudErrors.unknownAction.code && eni.spec.type === 'SubENI')
    deps.permission.refused(`${error.code}: ${error.message}. ${error.entry.cure}`);
  if (error.retry !== 'terminal' && error.retry !== 'not-found') return 'same-again';
  return 'look-again';
}

/** Tells people, on the object and on the Pod, why there is no ENI. */
export async function reportFailure(deps: IpamdDeps, eni: VpcEni, error: unknown): Promise<VpcEni> {
  const { reason, message } = explain(error);
  if (eni.spec.pod !== undefined)
    deps.recorder.record({
      regarding: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: eni.spec.pod.namespace, name: eni.spec.pod.name, uid: eni.spec.pod.uid },
      },
      type: 'Warning',
      reason,
      message,
    });
  return writeStatus(deps, eni, {
    phase: 'Failed',
    conditions: readyCondition(eni, 'False', reason, message, deps.clock.now()),
  });
}
