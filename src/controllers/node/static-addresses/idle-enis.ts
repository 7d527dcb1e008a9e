// Static addresses on an ENI that is attached to nothing, since its instance is shut down: released once nothing can be using them.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import { UNASSIGN_BATCH } from '../../../planning/pool-plan.ts';
import { operationOf } from '../../vpc-eni/lifecycle/operation.ts';
import { writeStatus } from '../../vpc-eni/lifecycle/status.ts';
import { markUnassigned, writeVpcIpStatus } from '../../vpc-ip/status.ts';
import type { StaticDeps, StaticNode } from './facts.ts';

/** Between two looks at an ENI that the cloud works on; rare, since it takes an instance that is shut down. */
const LOOK_AGAIN_MS = 1_000;

/** Each run looks at what the cloud shows and takes one step from there. Answers in how many milliseconds the next is due. */
export async function releaseFromIdle(
  run: StaticDeps,
  node: StaticNode,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (run.deps.settings.held('delete') !== undefined) return undefined;
  const dues = await Promise.all(
    node.enis
      .filter(({ status }) => status?.phase !== 'Ready' && status?.phase !== 'Deleting')
      .map((eni) => release(run, eni, freeOn(node, eni), signal)),
  );
  const due = dues.filter((ms) => ms !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
}

/** On this ENI, over, and wanted by no Pod of the node. */
const freeOn = (node: StaticNode, eni: VpcEni): readonly VpcIp[] =>
  node.input.held
    .filter((held) => held.eni === eni.metadata.name && held.over && held.claim === undefined)
    .flatMap(({ ip }) => node.vips.get(ip) ?? [])
    .filter(({ status }) => status?.eniID !== undefined && status.eniID === eni.status?.eni?.eniID);

async function release(
  { deps }: StaticDeps,
  eni: VpcEni,
  vips: readonly VpcIp[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const eniId = eni.status?.eni?.eniID;
  if (eniId === undefined || vips.length === 0) return undefined;
  const [found] = await deps.cloud.describeEnis({ eniIds: [eniId] }, { signal, priority: 'release' });
  // One that is gone is its life-cycle's business, and so is one that is attached again.
  if (found === undefined || found.attachment !== undefined) return LOOK_AGAIN_MS;
  if (found.state !== 'AVAILABLE' || found.addresses.some(({ settled }) => !settled)) return LOOK_AGAIN_MS;
  const there = new Set(found.addresses.map(({ ip }) => ip));
  for (const vip of vips) if (!there.has(vip.metadata.name)) await markUnassigned(deps, vip);
  const leaving = vips.filter(({ metadata }) => there.has(metadata.name)).slice(0, UNASSIGN_BATCH);
  if (leaving.length === 0) return undefined;
  const addresses = leaving.map(({ metadata }) => metadata.name);
  for (const vip of leaving) await writeVpcIpStatus(deps, vip, { phase: 'Detaching' });
  const request = { eniId, addresses };
  const operation = operationOf(deps, eni, { action: 'UnassignPrivateIpAddresses', request, repeat: false });
  await writeStatus(deps, eni, { operation });
  await deps.cloud.unassignAddresses(request, deps.mutating('release', 'delete', signal));
  return LOOK_AGAIN_MS;
}
