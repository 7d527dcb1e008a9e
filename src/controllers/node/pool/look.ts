// Looking at a node's ENI in the cloud: started in doubt and after each call, answered by the watcher in batches, never one read per ENI.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import type { IpamdDeps } from '../../deps.ts';
import { ready, writeStatus } from '../../vpc-eni/lifecycle/status.ts';
import { tellNode } from '../tell-node.ts';
import { type EniMemory, type PoolMemory, secondaryOf } from './memory.ts';

/** `pool.generation` of an object. */
export const generationOf = (eni: VpcEni): number => eni.status?.pool?.generation ?? 0;

/** Begins a look, unless one is under way. */
export function startLook(deps: Pick<IpamdDeps, 'watcher' | 'clock'>, known: EniMemory, eni: VpcEni): void {
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined || known.looking !== undefined) return;
  known.looking = { generation: generationOf(eni), sinceMs: deps.clock.monotonicMs() };
  deps.watcher.forget(eniId);
  deps.watcher.observe(eniId, 'settled');
}

/** Takes what a look has found into memory. Answers false when the ENI is no longer where it should be; its object says so then. */
export async function takeLook(
  deps: IpamdDeps,
  memory: PoolMemory,
  eni: VpcEni,
  instanceId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const known = memory.eni(eni.metadata.uid ?? '');
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined) return false;
  if (known.callOpen && deps.clock.monotonicMs() >= known.notBeforeMs) startLook(deps, known, eni);
  if (known.looking === undefined) return true;
  const found = deps.watcher.observe(eniId, 'settled');
  switch (found.state) {
    case 'pending':
      return lookLonger(deps, known, eni, signal);
    case 'gone':
      endLook(deps, known, eniId);
      await vanished(deps, eni, eniId);
      return false;
    case 'ready':
      return found.eni === undefined ? true : shown(deps, known, eni, { seen: found.eni, instanceId });
  }
}

function endLook(deps: IpamdDeps, known: EniMemory, eniId: string): void {
  known.looking = undefined;
  deps.watcher.forget(eniId);
}

async function shown(
  deps: IpamdDeps,
  known: EniMemory,
  eni: VpcEni,
  { seen, instanceId }: { readonly seen: Eni; readonly instanceId: string },
): Promise<boolean> {
  const generation = known.looking?.generation ?? 0;
  endLook(deps, known, seen.eniId);
  if (seen.attachment?.instanceId !== (eni.spec.instanceID ?? instanceId)) {
    known.seen = undefined;
    known.callOpen = false;
    await attachLost(deps, eni, seen);
    return false;
  }
  note(deps, known, { generation, addresses: secondaryOf(seen) });
  return true;
}

/** A describe may be behind the answer of a call: what was answered is waited for, though not for ever. */
function note(deps: IpamdDeps, known: EniMemory, next: NonNullable<EniMemory['seen']>): void {
  const now = deps.clock.monotonicMs();
  const { consistencyWindowMs } = deps.timings;
  const before = new Set(known.seen?.addresses.map(({ ip }) => ip));
  const ips = new Set(next.addresses.map(({ ip }) => ip));
  const missing = [...known.arriving].filter((ip) => !ips.has(ip));
  const waits = missing.length > 0 && now - known.arrivingSinceMs < 2 * consistencyWindowMs;
  if ([...ips].some((ip) => !before.has(ip))) known.unanswered = false;
  known.seen = next;
  known.stuck = next.addresses.some((address) => !address.settled);
  known.arriving = new Set(waits ? missing : []);
  known.callOpen = waits;
  if (waits) known.notBeforeMs = now + consistencyWindowMs / 4;
}

/** An address that does not settle is reported, and nothing more is bound next to it meanwhile. */
async function lookLonger(deps: IpamdDeps, known: EniMemory, eni: VpcEni, signal: AbortSignal): Promise<boolean> {
  const { clock, timings } = deps;
  const { looking } = known;
  if (looking === undefined || clock.monotonicMs() - looking.sinceMs < timings.stuckMs) return true;
  const eniId = eni.status?.eni?.eniID ?? '';
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'warm' });
  endLook(deps, known, eniId);
  if (found === undefined) return true;
  note(deps, known, { generation: looking.generation, addresses: secondaryOf(found) });
  const open = found.addresses.filter((address) => !address.settled).map((address) => address.ip);
  const what = open.length > 0 ? `addresses ${open.join(', ')} of ${eniId}` : `${eniId}, ${found.state}, `;
  const message = `${what} did not settle within ${Math.round(timings.stuckMs / 1000)} s`;
  tellNode(deps, eni.spec.nodeName, { type: 'Warning', reason: 'AddressStuck', message });
  known.stuck = true;
  known.notBeforeMs = clock.monotonicMs() + timings.lookAgainMs;
  known.callOpen = true;
  return true;
}

/** Detached by hand, or by an instance that went: the life-cycle attaches it again, or ends it. */
async function attachLost(deps: IpamdDeps, eni: VpcEni, seen: Eni): Promise<void> {
  const where = seen.attachment === undefined ? 'no instance' : seen.attachment.instanceId;
  const message = `${seen.eniId} is attached to ${where}; it is attached to its own again`;
  tellNode(deps, eni.spec.nodeName, { type: 'Warning', reason: 'EniDetached', message });
  const conditions = ready(eni, 'False', 'EniDetached', message, deps.clock.now());
  await writeStatus(deps, eni, { phase: 'Attaching', conditions });
}

/** Deleted by hand: another one is made. The generation of the pool goes on, since what the agent gave back is compared with it. */
async function vanished(deps: IpamdDeps, eni: VpcEni, eniId: string): Promise<void> {
  const message = `the cloud no longer knows ${eniId}; another one is made`;
  tellNode(deps, eni.spec.nodeName, { type: 'Warning', reason: 'EniVanished', message });
  const conditions = ready(eni, 'False', 'EniVanished', message, deps.clock.now());
  const { pool } = eni.status ?? {};
  await writeStatus(deps, eni, {
    phase: 'Pending',
    clear: ['eni'],
    ...(pool === undefined ? {} : { pool: { generation: pool.generation + 1, addresses: [] } }),
    conditions,
  });
}
