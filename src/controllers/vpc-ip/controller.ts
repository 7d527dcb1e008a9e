// What becomes of VpcIPs beside their node: those whose ENI is gone, those that were deleted, and those that nobody holds (facts/tke.md 3.3).
import type { VpcEni } from '../../api/vpc-eni.ts';
import { vpcEnis } from '../../api/vpc-eni.ts';
import { vpcIpClaims } from '../../api/vpc-ip-claim.ts';
import type { VpcIp } from '../../api/vpc-ip.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../kube/controller.ts';
import type { Controller, InformerChange, ReconcileResult } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';
import { deleteVpcIp, letVpcIpGo, markUnassigned } from './status.ts';

/** A VpcIP with no owner is deleted after this (facts/tke.md 3.3). */
export const UNOWNED_MS = 7 * 24 * 3_600_000;
/** Timers reach no further; what is due later is looked at again then. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

export function createVpcIps(deps: IpamdDeps): Controller {
  const { informers, clock, logger } = deps;
  return createController({
    name: 'vpc-ip',
    clock,
    logger,
    concurrency: 16,
    watches: [
      watchOf(informers.vpcIps, ownKey),
      watchOf(informers.vpcEnis, (change) =>
        isNews(change) ? informers.vpcIps.byIndex('eni', change.key).map((vip) => vip.metadata.name) : [],
      ),
      watchOf(informers.vpcIpClaims, ({ type, key }) =>
        type === 'deleted' ? informers.vpcIps.byIndex('claim', key).map((vip) => vip.metadata.name) : [],
      ),
    ],
    reconcile: async (ip, context) => {
      const vip = deps.vips.latest(ip);
      if (vip === undefined || serves(deps, vip)) return undefined;
      try {
        return await reconcile(deps, vip, context.signal);
      } catch (error) {
        if (isNotFound(error)) deps.vips.forget(ip);
        throw error;
      }
    },
  });
}

/** The ENI went, or another one was made in its place. */
const isNews = ({ before, after }: InformerChange<VpcEni>): boolean =>
  before?.status?.eni?.eniID !== after?.status?.eni?.eniID || after === undefined;

async function reconcile(deps: IpamdDeps, vip: VpcIp, signal: AbortSignal): Promise<ReconcileResult | undefined> {
  const { eniName, phase } = vip.status ?? {};
  if (eniName !== undefined && phase !== 'Unassigned') {
    if (!(await isEniGone(deps, vip, eniName, signal))) return undefined;
    await markUnassigned(deps, vip);
    return undefined;
  }
  if (vip.metadata.deletionTimestamp !== undefined) {
    await letVpcIpGo(deps, vip);
    return undefined;
  }
  if (await isHeld(deps, vip, signal)) return undefined;
  const since = Date.parse(vip.status?.unassignedSince ?? vip.metadata.creationTimestamp ?? '');
  const dueMs = since + UNOWNED_MS - deps.clock.now().getTime();
  if (dueMs > 0) return { requeueAfterMs: Math.min(dueMs, LONGEST_WAIT_MS) };
  await deleteVpcIp(deps, vip);
  return undefined;
}

/** On an ENI that the cache shows: nothing becomes of it here. So it is with nearly all of them, which a new process looks at one by one. */
function serves(deps: IpamdDeps, { status }: VpcIp): boolean {
  if (status?.eniName === undefined || status.phase === 'Unassigned') return false;
  const eni = deps.enis.latest(status.eniName);
  return eni !== undefined && !isAnother(eni, status.eniID);
}

/** From the API itself when the cache does not show it. An ENI goes from the cloud before its object does; one made anew has another id. */
async function isEniGone(deps: IpamdDeps, vip: VpcIp, eniName: string, signal: AbortSignal): Promise<boolean> {
  const eni = deps.enis.latest(eniName) ?? (await uncachedEni(deps, eniName, signal));
  if (eni === undefined) return true;
  return isAnother(eni, vip.status?.eniID);
}

/** Made anew under the name of the one with this cloud id. */
function isAnother({ status }: VpcEni, eniId: string | undefined): boolean {
  return eniId !== undefined && status?.eni !== undefined && status.eni.eniID !== eniId;
}

async function uncachedEni({ client }: IpamdDeps, name: string, signal: AbortSignal): Promise<VpcEni | undefined> {
  try {
    return await client.get(vpcEnis, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** By a claim of its namespace and name, from the API itself when the cache shows none. */
async function isHeld(deps: IpamdDeps, { spec: { claim } }: VpcIp, signal: AbortSignal): Promise<boolean> {
  if (claim === undefined) return false;
  const { namespace, name } = claim;
  if (deps.claims.latest(`${namespace}/${name}`) !== undefined) return true;
  try {
    await deps.client.get(vpcIpClaims, name, { namespace, signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
