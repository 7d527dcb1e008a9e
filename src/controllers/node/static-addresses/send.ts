// One call that binds or unbinds static addresses of an ENI: recorded on the VpcENI first, sent once, and looked at afterwards.
import type { VpcEni, VpcEniOperation } from '../../../api/vpc-eni.ts';
import { CloudError, cloudErrors, isCloudError } from '../../../cloud/errors.ts';
import { ASSIGN_BATCH, type StaticAction } from '../../../planning/static-plan.ts';
import { operationOf } from '../../vpc-eni/lifecycle/operation.ts';
import { explain, writeStatus } from '../../vpc-eni/lifecycle/status.ts';
import { freeIn } from '../pool/act.ts';
import { startLook } from '../pool/look.ts';
import type { EniMemory } from '../pool/memory.ts';
import { tellNode } from '../tell-node.ts';
import type { StaticDeps } from './facts.ts';
import { nameNew } from './name-new.ts';

export type StaticCall = Extract<StaticAction, { kind: 'assign-these' | 'assign-new' | 'unassign' }>;

/** New ones, chosen here. */
interface NamedCall {
  readonly kind: 'assign-named';
  readonly eni: string;
  readonly addresses: readonly string[];
}
type Call = StaticCall | NamedCall;

/** `refused`: the cloud will not have these addresses, for the reason given. */
export type SendOutcome =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'refused';
      readonly addresses: readonly string[];
      readonly reason: string;
      readonly message: string;
    };

const DONE: SendOutcome = { kind: 'done' };

/** Throws a conflict when the VpcENI changed since it was read; then nothing was sent. */
export async function sendStatic(
  { deps, memory, known }: StaticDeps,
  eni: VpcEni,
  planned: StaticCall,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const made = eni.status?.eni;
  if (made === undefined) return DONE;
  const call = await within({ deps, memory, known }, eni, { subnetId: made.subnetID, planned }, signal);
  const state = memory.eni(eni.metadata.uid ?? '');
  if (call === undefined) {
    // The next plan finds that it rests.
    deps.subnets.rest(made.subnetID);
    state.notBeforeMs = deps.clock.monotonicMs() + deps.timings.consistencyWindowMs;
    return DONE;
  }
  const operation = recordOf({ deps, memory, known }, eni, call, made.eniID);
  const recorded = await writeStatus(deps, eni, { operation, ...addressesOf(eni, state) });
  if (call.kind === 'assign-new') deps.subnets.taken(made.subnetID, call.count);
  if (call.kind === 'assign-named') deps.subnets.taken(made.subnetID, call.addresses.length);
  // Whatever ends this process or the call from here on leaves a doubt.
  state.callOpen = true;
  state.looking = undefined;
  try {
    const answered = await callCloud({ deps, memory, known }, made.eniID, call, operation, signal);
    state.arriving = new Set(answered);
    state.arrivingSinceMs = deps.clock.monotonicMs();
    state.unanswered = false;
    for (const ip of answered) known.accept(ip);
    const naming = call.kind === 'assign-named' ? known.naming(made.subnetID, deps.clock.monotonicMs()) : undefined;
    if (naming !== undefined) naming.refusals = 0;
  } catch (error) {
    return failed({ deps, memory, known }, eni, call, error);
  }
  startLook(deps, state, recorded);
  return DONE;
}

/** Whether the subnet is dry is for the cloud to say; what it has is taken. Undefined: all of that is kept. */
async function within(
  run: StaticDeps,
  eni: VpcEni,
  { subnetId, planned }: { readonly subnetId: string; readonly planned: StaticCall },
  signal: AbortSignal,
): Promise<Call | undefined> {
  const { deps, known } = run;
  if (planned.kind !== 'assign-new') return planned;
  const naming = known.naming(subnetId, deps.clock.monotonicMs());
  if (naming === undefined) {
    const { availableIpCount } = await freeIn(deps, subnetId, signal);
    return { ...planned, count: Math.min(planned.count, Math.max(1, availableIpCount)) };
  }
  const addresses = await nameNew(run, eni, { subnetId, count: Math.min(planned.count, ASSIGN_BATCH), naming }, signal);
  if (addresses.length === 0) return undefined;
  for (const ip of addresses) naming.tried.add(ip);
  return { kind: 'assign-named', eni: planned.eni, addresses };
}

function recordOf({ deps, memory }: StaticDeps, eni: VpcEni, call: Call, eniId: string): VpcEniOperation {
  if (call.kind === 'unassign') {
    const request = { eniId, addresses: [...call.addresses] };
    return operationOf(deps, eni, { action: 'UnassignPrivateIpAddresses', request, repeat: false });
  }
  const wish = call.kind === 'assign-new' ? { count: call.count } : { addresses: [...call.addresses] };
  const repeat = memory.eni(eni.metadata.uid ?? '').unanswered;
  return operationOf(deps, eni, { action: 'AssignPrivateIpAddresses', request: { eniId, ...wish }, repeat });
}

async function callCloud(
  { deps }: StaticDeps,
  eniId: string,
  call: Call,
  operation: VpcEniOperation,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (call.kind === 'unassign') {
    await deps.cloud.unassignAddresses(
      { eniId, addresses: call.addresses },
      deps.mutating('release', 'delete', signal),
    );
    return [];
  }
  const clientToken = operation.clientToken ?? '';
  const wish = call.kind === 'assign-new' ? { count: call.count } : { addresses: call.addresses };
  const mutating = deps.mutating('waiting-pod', 'create', signal);
  return (await deps.cloud.assignAddresses({ eniId, clientToken, ...wish }, mutating)).addresses;
}

/** All addresses that the cloud showed, when it was seen. */
function addressesOf(eni: VpcEni, { seen }: EniMemory): { eni?: NonNullable<VpcEni['status']>['eni'] } {
  const made = eni.status?.eni;
  if (made === undefined || seen === undefined) return {};
  const primary = made.addresses.filter((address) => address.primary === true);
  return { eni: { ...made, addresses: [...primary, ...seen.addresses.map(({ ip }) => ({ ip, primary: false }))] } };
}

/** Brings the list on the VpcENIs in line with what the cloud showed, once the node is at rest: for people, and for the comparison with listings. */
export async function recordAddresses(
  { deps, memory }: StaticDeps,
  { enis }: { readonly enis: readonly VpcEni[] },
): Promise<void> {
  for (const eni of enis) {
    const state = memory.eni(eni.metadata.uid ?? '');
    const recorded = new Set(eni.status?.eni?.addresses.flatMap(({ ip, primary }) => (primary === true ? [] : [ip])));
    const isSame =
      state.seen === undefined ||
      (state.seen.addresses.length === recorded.size && state.seen.addresses.every(({ ip }) => recorded.has(ip)));
    if (eni.status?.phase === 'Ready' && !state.callOpen && !isSame)
      await writeStatus(deps, deps.enis.latest(eni.metadata.name) ?? eni, addressesOf(eni, state));
  }
}

/** Nothing is guessed from a failure: the cloud is looked at, and planned anew. */
function failed({ deps, memory, known }: StaticDeps, eni: VpcEni, call: Call, error: unknown): SendOutcome {
  const { clock, timings } = deps;
  const state = memory.eni(eni.metadata.uid ?? '');
  const now = clock.monotonicMs();
  const { nodeName } = eni.spec;
  state.seen = undefined;
  if (!(error instanceof CloudError) || error.outcomeUnknown) {
    state.unanswered = call.kind !== 'unassign';
    state.notBeforeMs = now + timings.consistencyWindowMs;
    if (!(error instanceof CloudError)) throw error;
    return DONE;
  }
  // Nothing was done.
  state.callOpen = false;
  state.unanswered = false;
  if (isCloudError(error, cloudErrors.fenced) || isCloudError(error, cloudErrors.aborted)) throw error;
  if (isCloudError(error, cloudErrors.invalidState) || isCloudError(error, cloudErrors.throttled)) {
    state.notBeforeMs = now + Math.min(timings.lookAgainMs, 1_000);
    return DONE;
  }
  state.notBeforeMs = now + timings.consistencyWindowMs;
  if (call.kind === 'assign-these' && isAboutAddress(error))
    return refuse({ deps, memory, known }, call.addresses, error);
  if (call.kind === 'assign-named' && isAboutAddress(error)) {
    const naming = known.naming(eni.status?.eni?.subnetID ?? '', now);
    // Each refusal doubles the time to the next.
    const waitMs = timings.consistencyWindowMs * 2 ** Math.min(naming?.refusals ?? 0, 10);
    if (naming !== undefined) naming.refusals += 1;
    state.notBeforeMs = now + Math.min(waitMs, timings.lookAgainMs);
    return DONE;
  }
  const news = explain(error);
  tellNode(deps, nodeName, { type: 'Warning', ...news });
  if (call.kind === 'unassign') state.notBeforeMs = now + timings.lookAgainMs;
  else if (isCloudError(error, cloudErrors.subnetDry)) deps.subnets.rest(eni.status?.eni?.subnetID ?? '');
  else Object.assign(memory.node(nodeName), { blockedUntilMs: now + timings.lookAgainMs, blocked: news });
  return DONE;
}

/** Taken by somebody, reserved, or out of range: it is the address that is refused, not the call. */
const isAboutAddress = (error: CloudError): boolean =>
  isCloudError(error, cloudErrors.inUse) || isCloudError(error, cloudErrors.invalidRequest);

/** Of several, each is tried alone next, so that one does not hold up the others. */
function refuse({ deps, known }: StaticDeps, addresses: readonly string[], error: CloudError): SendOutcome {
  const now = deps.clock.monotonicMs();
  const [only, ...others] = addresses;
  if (only === undefined || others.length > 0) {
    for (const ip of addresses) known.refuse(ip, now);
    return DONE;
  }
  known.refuse(only, now + deps.timings.lookAgainMs);
  const isTaken = isCloudError(error, cloudErrors.inUse);
  const message = isTaken
    ? `${only} is in use by somebody else in the VPC (retention is known only inside the cluster); it is tried again, or delete the VpcIPClaim (kubectl delete vipc) to get another address`
    : `${explain(error).message}`;
  return { kind: 'refused', addresses: [only], reason: isTaken ? 'AddressTaken' : 'NominatedInvalid', message };
}
