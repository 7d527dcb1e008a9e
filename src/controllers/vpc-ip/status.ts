// ipamd's part of a VpcIP: made once the cloud answered, its status written by one way, let go when the address is on no ENI.
import { fieldManagers, finalizers, labels, MANAGED_BY, nameLabel } from '../../api/keys.ts';
import type { VpcIpClaim } from '../../api/vpc-ip-claim.ts';
import { type VpcIp, type VpcIpStatus, vpcIps } from '../../api/vpc-ip.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import { applyStatus } from '../../kube/apply.ts';
import { versionOf } from '../../kube/object-key.ts';
import { shortHash } from '../../planning/eni-identity.ts';
import type { IpamdDeps } from '../deps.ts';

/** What ipamd owns of the status; `agent` belongs to the agent. */
export type OwnVpcIpStatus = Omit<VpcIpStatus, 'agent'>;

type Deps = Pick<IpamdDeps, 'client' | 'vips'>;

/** The object of an address that the cloud has given; one that exists already is answered as it is. */
export async function ensureVpcIp(
  deps: Deps,
  ip: string,
  about: { readonly subnetId: string; readonly claim: VpcIpClaim; readonly nodeName: string },
): Promise<VpcIp> {
  const { namespace = 'default', name, uid = '' } = about.claim.metadata;
  const object: VpcIp = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcIP',
    metadata: {
      name: ip,
      labels: { [labels.nodeName]: nodeLabel(about.nodeName), [labels.managedBy]: MANAGED_BY },
      finalizers: [finalizers.address],
    },
    spec: { type: 'Pod', subnetID: about.subnetId, claim: { namespace, name, uid } },
  };
  try {
    const made = await deps.client.create(vpcIps, object);
    deps.vips.wrote(made);
    return made;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const found = await deps.client.get(vpcIps, ip);
    deps.vips.wrote(found);
    return found;
  }
}

/**
 * What is given replaces the same field, `clear` removes fields, the rest stays. The object's version is the lock: a conflict means that somebody
 * else wrote since we read, and nothing that depends on this write may happen. Writes nothing when nothing differs.
 */
export async function writeVpcIpStatus(
  deps: Deps,
  vip: VpcIp,
  change: Partial<OwnVpcIpStatus> & { readonly clear?: readonly (keyof OwnVpcIpStatus)[] },
): Promise<VpcIp> {
  const { clear = [], ...fields } = change;
  const own = ownPart(vip);
  const status: Record<string, unknown> = { ...own, ...fields };
  for (const field of clear) delete status[field];
  if (JSON.stringify(status) === JSON.stringify(own)) return vip;
  const { name, uid, resourceVersion } = vip.metadata;
  const written = await applyStatus<VpcIp>(deps.client, vpcIps, name, {
    fieldManager: fieldManagers.ipamd,
    status,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  });
  deps.vips.wrote(written);
  return written;
}

/** The label that says on which node it is; removed while it is on none. Answers the newest object. */
export async function labelNode(deps: Deps, vip: VpcIp, nodeName: string | undefined): Promise<VpcIp> {
  const wanted = nodeName === undefined ? undefined : nodeLabel(nodeName);
  if (vip.metadata.labels?.[labels.nodeName] === wanted) return vip;
  const { name, resourceVersion } = vip.metadata;
  const body = { metadata: { resourceVersion, labels: { [labels.nodeName]: wanted ?? null } } };
  const written = await deps.client.patch(vpcIps, name, { type: 'merge', body });
  deps.vips.wrote(written);
  return written;
}

/** On no ENI any more: what tells of one goes, and the time is noted. */
export async function markUnassigned(deps: Deps & Pick<IpamdDeps, 'clock'>, vip: VpcIp): Promise<VpcIp> {
  const unassignedSince = vip.status?.unassignedSince ?? deps.clock.now().toISOString();
  const clear = ['eniID', 'eniName', 'nodeName', 'podUID', 'gateway', 'subnetCIDR'] as const;
  const written = await writeVpcIpStatus(deps, vip, { phase: 'Unassigned', unassignedSince, clear });
  return labelNode(deps, written, undefined);
}

/** Deleted in exactly this version; the finalizer keeps it until the address is on no ENI. One that is gone is success. */
export async function deleteVpcIp(deps: Deps, vip: VpcIp): Promise<void> {
  const { name, deletionTimestamp } = vip.metadata;
  if (deletionTimestamp === undefined) await deps.client.delete(vpcIps, name, { preconditions: versionOf(vip) });
}

/** The last step: the version is the lock. One that is gone is success. */
export async function letVpcIpGo(deps: Deps, vip: VpcIp): Promise<void> {
  const { name, resourceVersion } = vip.metadata;
  const kept = (vip.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.address);
  try {
    await deps.client.patch(vpcIps, name, {
      type: 'merge',
      body: { metadata: { finalizers: kept, resourceVersion } },
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  deps.vips.forget(name);
}

const nodeLabel = (nodeName: string): string => nameLabel(nodeName, shortHash);

/** By name, so that a field that a newer program owns is never claimed. */
function ownPart({ status = {} }: VpcIp): OwnVpcIpStatus {
  const { agent: _, ...own } = status;
  const { phase, eniID, eniName, nodeName, podUID, gateway, subnetCIDR, unassignedSince, conditions } = own;
  const given = { phase, eniID, eniName, nodeName, podUID, gateway, subnetCIDR, unassignedSince, conditions };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
