// Bringing an ENI into being: record the exact request, send it under the fence, and never a second one in doubt (DESIGN, decisions 3 and 4).
import type { VpcEni, VpcEniOperation, VpcEniStatus } from '../../../api/vpc-eni.ts';
import { CloudError, cloudErrors } from '../../../cloud/errors.ts';
import type { CreateEniRequest, CreateSubEniRequest, Eni } from '../../../cloud/vpc-cloud.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { afterAbsence, judgeFailure, planCreateStep, type SpecialCodes } from '../../../planning/create-step.ts';
import { gatewayOf } from '../../../planning/eni-request.ts';
import type { LifecycleDeps } from './deps.ts';
import { findLeftover } from './leftover.ts';
import { explain, ready, warnOwner, writeStatus } from './status.ts';

type CreateRequest = CreateEniRequest | CreateSubEniRequest;

/** A new attempt's request, or why there can be none now. */
export type Prepared<R> =
  | { readonly kind: 'request'; readonly request: R }
  /** `tell`: the Pod gets an Event too, since this will not pass by itself. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly message: string; readonly tell: boolean };

/** How the cloud makes one kind of ENI. */
export interface CreateKind<R extends CreateRequest> {
  readonly action: VpcEniOperation['action'];
  prepare(attempt: number): Promise<Prepared<R>>;
  send(request: R): Promise<{ readonly eni: Eni; readonly taskId: string }>;
}

/** One run through the chain of steps. `done` is called with the object once it records an ENI. */
export interface Creation<R extends CreateRequest> {
  readonly deps: LifecycleDeps;
  readonly kind: CreateKind<R>;
  readonly context: ReconcileContext;
  readonly done: (made: VpcEni) => Promise<ReconcileResult | undefined>;
}

const codes: SpecialCodes = {
  subnetDry: cloudErrors.subnetDry.code,
  unknownAction: cloudErrors.unknownAction.code,
  tokenMismatch: cloudErrors.tokenMismatch.code,
  tokenProcessing: cloudErrors.tokenProcessing.code,
  quota: cloudErrors.quota.code,
  refused: cloudErrors.refused.code,
  inUse: cloudErrors.inUse.code,
};

/** What a blocked intent waits for is watched; this is for what cannot be. */
const BLOCKED_MS = 10_000;

/** Goes as far as it can in one reconcile: from no record at all to `done`, when nothing is in the way. */
export async function createEni<R extends CreateRequest>(
  creation: Creation<R>,
  eni: VpcEni,
): Promise<ReconcileResult | undefined> {
  const { deps } = creation;
  const uid = eni.metadata.uid ?? '';
  const operation = eni.status?.operation;
  // A later operation without an ENI: what the creating one made was seen gone (`makeAnew`).
  const standing =
    operation === undefined || operation.action === creation.kind.action
      ? deps.progress.standing(uid, operation?.attempt ?? 0)
      : 'refused';
  const hasEni = eni.status?.eni !== undefined;
  const step = planCreateStep({ attempt: operation?.attempt, standing, hasEni, ready: false });
  switch (step.kind) {
    case 'record':
      return record(creation, eni, step.attempt);
    case 'send':
      return send(creation, eni);
    case 'look-up':
      return lookUp(creation, eni);
    case 'settle':
    case 'done':
      return creation.done(eni);
  }
}

/** Writes the exact bytes before they are sent; a write that fails cancels the call. */
async function record<R extends CreateRequest>(
  creation: Creation<R>,
  eni: VpcEni,
  attempt: number,
): Promise<ReconcileResult | undefined> {
  const { deps, kind } = creation;
  const prepared = await kind.prepare(attempt);
  if (prepared.kind === 'blocked') {
    const { reason, message, tell } = prepared;
    if (tell) warnOwner(deps, eni, message);
    await writeStatus(deps, eni, {
      phase: 'Pending',
      conditions: ready(eni, 'False', reason, message, deps.clock.now()),
    });
    return { requeueAfterMs: BLOCKED_MS };
  }
  const operation: VpcEniOperation = {
    action: kind.action,
    request: JSON.stringify(prepared.request),
    attempt,
    clientToken: prepared.request.clientToken,
    holder: deps.identity,
    recordedAt: deps.clock.now().toISOString(),
  };
  // After a failure its reason stays to be read until something else is known.
  const news = eni.status?.phase !== 'Failed';
  const conditions = ready(eni, 'False', 'Creating', 'the cloud is asked for the ENI', deps.clock.now());
  const recorded = await writeStatus(deps, eni, { phase: 'Creating', operation, ...(news ? { conditions } : {}) });
  deps.progress.setStanding(eni.metadata.uid ?? '', attempt, 'clear');
  return send(creation, recorded);
}

/** Sends what is recorded, byte for byte, and records what the cloud gave. */
async function send<R extends CreateRequest>(creation: Creation<R>, eni: VpcEni): Promise<ReconcileResult | undefined> {
  const { deps, kind } = creation;
  const uid = eni.metadata.uid ?? '';
  const operation = creatingOperation(kind, eni);
  if (operation === undefined) throw new Error(`VpcENI ${eni.metadata.name} records no creating operation`);
  // Ours alone: written by `record` from a typed value.
  const request = JSON.parse(operation.request) as R;
  // Whatever ends this process or the call from here on leaves a doubt.
  deps.progress.setStanding(uid, operation.attempt, 'doubtful');
  deps.progress.setAbsentSince(uid, undefined);
  let answer: Awaited<ReturnType<typeof kind.send>>;
  try {
    answer = await kind.send(request);
  } catch (error) {
    return failed(creation, eni, operation, request, error);
  }
  deps.metrics.eniCreations.inc({ outcome: 'created' });
  return creation.done(await recordEni(creation, eni, answer.eni, answer.taskId));
}

async function failed<R extends CreateRequest>(
  { deps }: Creation<R>,
  eni: VpcEni,
  operation: VpcEniOperation,
  request: R,
  error: unknown,
): Promise<ReconcileResult | undefined> {
  const known = error instanceof CloudError ? error : undefined;
  const failure = { code: known?.code, outcomeUnknown: known?.outcomeUnknown ?? true, retry: known?.retry ?? 'retry' };
  const { standing, next } = judgeFailure(failure, codes);
  deps.progress.setStanding(eni.metadata.uid ?? '', operation.attempt, standing);
  deps.metrics.eniCreations.inc({ outcome: standing === 'doubtful' ? 'unknown' : 'refused' });
  if (next === 'again') throw error;
  if (next === 'next-subnet') deps.subnets.rest(request.subnetId);
  if (next === 'account') deps.permission.refused(explain(error).message);
  const { reason, message } = explain(error);
  warnOwner(deps, eni, message);
  await writeStatus(deps, eni, { phase: 'Failed', conditions: ready(eni, 'False', reason, message, deps.clock.now()) });
  // Whoever has the address may be about to give it up.
  const soon = known?.code === codes.inUse ? Math.min(BLOCKED_MS, deps.timings.lookAgainMs) : deps.timings.lookAgainMs;
  return { requeueAfterMs: next === 'next-subnet' ? 0 : soon };
}

/** Finds what a call without a known outcome left, by the owner's tag; only a proven absence lets the bytes go out again. */
async function lookUp<R extends CreateRequest>(
  creation: Creation<R>,
  eni: VpcEni,
): Promise<ReconcileResult | undefined> {
  const outcome = await findLeftover(creation.deps, eni, creation.context.signal);
  switch (outcome.kind) {
    case 'found':
      return creation.done(await recordEni(creation, eni, outcome.eni, undefined));
    case 'look-again':
      return { requeueAfterMs: outcome.afterMs };
    case 'absent': {
      const uid = eni.metadata.uid ?? '';
      const attempt = creatingOperation(creation.kind, eni)?.attempt ?? 0;
      const { progress } = creation.deps;
      progress.setStanding(uid, attempt, afterAbsence(progress.standing(uid, attempt)));
      return createEni(creation, eni);
    }
  }
}

async function recordEni<R extends CreateRequest>(
  { deps, kind, context }: Creation<R>,
  eni: VpcEni,
  made: Eni,
  taskId: string | undefined,
): Promise<VpcEni> {
  const operation = creatingOperation(kind, eni);
  return writeStatus(deps, eni, {
    phase: 'Creating',
    ...(operation === undefined || taskId === undefined ? {} : { operation: { ...operation, requestID: taskId } }),
    eni: await eniStatus(deps, eni, made, context.signal),
  });
}

/** What the status says of an ENI that the cloud made for this object. */
export async function eniStatus(
  deps: LifecycleDeps,
  eni: VpcEni,
  made: Eni,
  signal: AbortSignal,
): Promise<NonNullable<VpcEniStatus['eni']>> {
  const subnet = await deps.subnets.find(made.subnetId, signal);
  return {
    eniID: made.eniId,
    macAddress: made.mac,
    addresses: made.addresses.map(({ ip, primary }) => ({ ip, primary })),
    ...(made.vlanId === undefined ? {} : { vlanID: made.vlanId }),
    subnetID: made.subnetId,
    subnetCIDR: subnet.cidr,
    gateway: gatewayOf(subnet.cidr),
    ...(made.trunkEniId === undefined ? {} : { trunkENIID: made.trunkEniId }),
    securityGroups: [...(made.securityGroups.length > 0 ? made.securityGroups : eni.spec.securityGroups)],
  };
}

/** The recorded operation when it is a creating one; an attach or a delete replaced it otherwise. */
function creatingOperation<R extends CreateRequest>(kind: CreateKind<R>, eni: VpcEni): VpcEniOperation | undefined {
  const operation = eni.status?.operation;
  return operation?.action === kind.action ? operation : undefined;
}
