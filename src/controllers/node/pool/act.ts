// Carries the plan of a node's pool out: one write per ENI, and only then, when it was accepted, at most one call to the cloud.
import type { VpcEni, VpcEniOperation, VpcEniStatus } from '../../../api/vpc-eni.ts';
import { CloudError, cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import {
  type AddressPool,
  afterUnassign,
  askedBack,
  emptyPool,
  listed,
  takenBack,
} from '../../../planning/address-pool.ts';
import type { PoolAction } from '../../../planning/pool-plan.ts';
import type { IpamdDeps } from '../../deps.ts';
import { operationOf } from '../../vpc-eni/lifecycle/operation.ts';
import { explain, writeStatus } from '../../vpc-eni/lifecycle/status.ts';
import { tellNode } from '../tell-node.ts';
import { startLook } from './look.ts';
import type { EniMemory, PoolMemory } from './memory.ts';

/** Actions on one ENI. */
export type EniAction = Exclude<PoolAction, { kind: 'add-eni' } | { kind: 'retire-eni' }>;

export interface ActContext {
  readonly deps: IpamdDeps;
  readonly memory: PoolMemory;
  /** Pods wait for the addresses that are bound. */
  readonly urgent: boolean;
  readonly signal: AbortSignal;
}

/** `actions` are of this ENI, in the planner's order. Throws a conflict when the object changed since it was read; then nothing was sent. */
export async function actOnEni(context: ActContext, eni: VpcEni, actions: readonly EniAction[]): Promise<void> {
  const { deps, memory } = context;
  const known = memory.eni(eni.metadata.uid ?? '');
  const before = eni.status?.pool ?? emptyPool;
  const pool = actions.reduce((current, action) => transition(current, eni, action), before);
  const call = actions.find((action) => action.kind === 'assign' || action.kind === 'unassign');
  const prepared = call === undefined ? undefined : await prepareCall(context, eni, known, call);
  const recorded = await writeStatus(deps, eni, {
    ...(pool === before ? {} : { pool }),
    ...addressesOf(eni, known),
    ...(prepared === undefined ? {} : { operation: prepared.operation }),
  });
  if (prepared !== undefined) await send(context, recorded, known, prepared);
  else if (actions.some((action) => action.kind === 'look')) startLook(deps, known, recorded);
}

function transition(pool: AddressPool, eni: VpcEni, action: EniAction): AddressPool {
  const use = eni.status?.use;
  switch (action.kind) {
    case 'list':
      return listed(pool, action.addresses);
    case 'drop':
      return afterUnassign(pool, action.addresses);
    case 'forget-refused':
    case 'take-back-request':
      return takenBack(pool, use, action.addresses);
    case 'ask-back':
      return askedBack(pool, action.addresses);
    case 'look':
    case 'assign':
    case 'unassign':
      return pool;
  }
}

/** All addresses that the cloud showed, when it was seen. */
function addressesOf(eni: VpcEni, { seen }: EniMemory): Pick<VpcEniStatus, 'eni'> {
  const made = eni.status?.eni;
  if (made === undefined || seen === undefined) return {};
  const primary = made.addresses.filter((address) => address.primary === true);
  const shown = seen.addresses.map(({ ip }) => ({ ip, primary: false }));
  const same =
    made.addresses.length === primary.length + shown.length &&
    shown.every(({ ip }) => made.addresses.some((address) => address.ip === ip));
  return same ? {} : { eni: { ...made, addresses: [...primary, ...shown] } };
}

type Operation = VpcEniOperation;
type PreparedCall =
  | { readonly kind: 'assign'; readonly eniId: string; readonly count: number; readonly operation: Operation }
  | {
      readonly kind: 'unassign';
      readonly eniId: string;
      readonly addresses: readonly string[];
      readonly operation: Operation;
    };

async function prepareCall(
  { deps, signal }: ActContext,
  eni: VpcEni,
  known: EniMemory,
  call: Extract<EniAction, { kind: 'assign' | 'unassign' }>,
): Promise<PreparedCall | undefined> {
  const made = eni.status?.eni;
  if (made === undefined) return undefined;
  const eniId = made.eniID;
  if (call.kind === 'unassign') {
    const request = { eniId, addresses: [...call.addresses] };
    const operation = operationOf(deps, eni, { action: 'UnassignPrivateIpAddresses', request, repeat: false });
    return { kind: 'unassign', ...request, operation };
  }
  const { availableIpCount } = await freeIn(deps, made.subnetID, signal);
  // Whether it is dry is for the cloud to say; what it has is taken.
  const count = Math.min(call.count, Math.max(1, availableIpCount));
  const request = { eniId, count };
  const repeat = known.unanswered;
  const operation = operationOf(deps, eni, { action: 'AssignPrivateIpAddresses', request, repeat });
  deps.subnets.taken(made.subnetID, count);
  return { kind: 'assign', ...request, operation };
}

/** Of the container subnets together with the others, so that all share one describe. */
export async function freeIn(
  deps: IpamdDeps,
  subnetId: string,
  signal: AbortSignal,
): Promise<{ readonly availableIpCount: number }> {
  const { subnetIds } = deps.settings.current();
  const asked = subnetIds.includes(subnetId) ? subnetIds : [subnetId];
  const found = (await deps.subnets.get(asked, signal)).find((subnet) => subnet.subnetId === subnetId);
  return found ?? { availableIpCount: 0 };
}

async function send(context: ActContext, eni: VpcEni, known: EniMemory, call: PreparedCall): Promise<void> {
  const { deps, urgent, signal } = context;
  const { eniId, operation } = call;
  // Whatever ends this process or the call from here on leaves a doubt.
  known.callOpen = true;
  known.looking = undefined;
  try {
    if (call.kind === 'assign') {
      const priority = urgent ? 'waiting-pod' : 'warm';
      const { addresses } = await deps.cloud.assignAddresses(
        { eniId, count: call.count, clientToken: operation.clientToken ?? '' },
        deps.mutating(priority, 'create', signal),
      );
      known.arriving = new Set(addresses);
      known.arrivingSinceMs = deps.clock.monotonicMs();
      known.unanswered = false;
    } else {
      await deps.cloud.unassignAddresses(
        { eniId, addresses: call.addresses },
        deps.mutating('release', 'delete', signal),
      );
    }
  } catch (error) {
    failed(context, eni, known, { call, error });
    return;
  }
  startLook(deps, known, eni);
}

/** Nothing is guessed from a failure: the cloud is looked at, and planned anew. */
function failed(
  { deps, memory }: ActContext,
  eni: VpcEni,
  known: EniMemory,
  { call, error }: { readonly call: PreparedCall; readonly error: unknown },
): void {
  const { clock, timings } = deps;
  const now = clock.monotonicMs();
  const { nodeName } = eni.spec;
  known.seen = undefined;
  if (!(error instanceof CloudError) || error.outcomeUnknown) {
    known.unanswered = call.kind === 'assign';
    known.notBeforeMs = now + timings.consistencyWindowMs;
    if (!(error instanceof CloudError)) throw error;
    return;
  }
  // Nothing was done.
  known.callOpen = false;
  known.unanswered = false;
  if (isCloudError(error, cloudErrors.fenced) || isCloudError(error, cloudErrors.aborted)) throw error;
  if (isCloudError(error, cloudErrors.invalidState) || isCloudError(error, cloudErrors.throttled)) {
    known.notBeforeMs = now + Math.min(timings.lookAgainMs, 1_000);
    return;
  }
  known.notBeforeMs = now + timings.consistencyWindowMs;
  const news = explain(error);
  tellNode(deps, nodeName, { type: 'Warning', ...news });
  if (call.kind === 'assign' && isCloudError(error, cloudErrors.subnetDry)) {
    deps.subnets.rest(eni.status?.eni?.subnetID ?? '');
    return;
  }
  if (call.kind === 'unassign') known.notBeforeMs = now + timings.lookAgainMs;
  else Object.assign(memory.node(nodeName), { blockedUntilMs: now + timings.lookAgainMs, blocked: news });
}
