// One more shared ENI for a node, when its ENIs are full or it has none.
import { sharedEniName } from '../../../api/vpc-eni.ts';
import { chooseSubnet, nodeSubnetIds } from '../../../planning/subnet-choice.ts';
import { createNodeEni, hasLivingInstance } from '../eni-intent.ts';
import type { NodePool } from './node-pool.ts';
import type { PoolRun } from './reconcile.ts';
import type { Obstacle } from './tell.ts';

/** The instance is shut down or gone: asked again after a while. */
export const INSTANCE_NOT_RUNNING = 'InstanceNotRunning';

/** Writes the intent; the life-cycle makes it, in `subnetId` when that is given. Answers why there can be none now: no subnet with a free address. */
export async function addEni(
  { deps, created }: Pick<PoolRun, 'deps' | 'created'>,
  pool: Pick<NodePool, 'nec' | 'enis'>,
  signal: AbortSignal,
  subnetId?: string,
): Promise<Obstacle | undefined> {
  const { nec } = pool;
  const nodeName = nec.metadata.name;
  // The trunk serves too, and comes first.
  const hasTrunk = pool.enis.some((eni) => eni.spec.type === 'Trunk');
  const { zone } = nec.spec;
  if (zone === undefined || (!hasTrunk && (nec.status?.subENI?.quota ?? 0) > 0)) return undefined;
  const node = deps.informers.nodes.get(nodeName);
  if (node === undefined) return undefined;
  if (!(await hasLivingInstance(deps, node, nec.spec.instanceID ?? '')))
    return { reason: INSTANCE_NOT_RUNNING, message: `instance ${nec.spec.instanceID ?? ''} does not run` };
  const labels = node.metadata.labels ?? {};
  const candidates = subnetId === undefined ? nodeSubnetIds(labels, deps.settings.current().subnetIds) : [subnetId];
  const subnets = await deps.subnets.get(candidates, signal);
  const choice = chooseSubnet(subnets, zone, deps.subnets.resting());
  if (choice.kind === 'none') return { reason: 'SubnetExhausted', message: choice.reason };
  let number = 1;
  while (deps.enis.latest(sharedEniName(nodeName, number)) !== undefined) number += 1;
  const name = sharedEniName(nodeName, number);
  await createNodeEni(deps, nec, { name, type: 'Shared', ...(subnetId === undefined ? {} : { subnetId }) });
  created(name);
  return undefined;
}
