// VpcIP.status.agent: Wired while a sandbox of the Pod is served, TornDown once none of this UID will ever be again.
import { fieldManagers } from '../api/keys.ts';
import { type VpcIp, vpcIps } from '../api/vpc-ip.ts';
import { isNotFound } from '../kube/api-error.ts';
import { applyStatus } from '../kube/apply.ts';
import { rfc3339 } from '../kube/times.ts';
import type { Informer, ObjectKey } from '../kube/types.ts';
import { isToldAlready, observeWiring, type ReportDeps } from './report-wiring.ts';

export interface ReportStaticDeps extends Omit<ReportDeps, 'enis'> {
  readonly ips: Pick<Informer<VpcIp>, 'get'>;
}

/**
 * A reconcile by VpcIP name. The same promise as for a sub-ENI (DESIGN, decision 2): TornDown is decided under the Pod's lock, by the server's own
 * word, and remembered before it is told. It holds for UIDs that were never wired, and says nothing about a Pod that has the address later.
 */
export async function reportStatic(deps: ReportStaticDeps, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const object = deps.ips.get(key);
  const podUID = object?.status?.podUID;
  const claim = object?.spec.claim;
  if (object === undefined || podUID === undefined || claim === undefined) return;
  if (object.status?.nodeName !== deps.nodeName) return;
  const recorded = object.status.agent;
  if (recorded?.state === 'TornDown' && recorded.podUID === podUID) return deps.tornDown.add(podUID);

  const pod = { namespace: claim.namespace, name: claim.name, uid: podUID };
  const desired = await observeWiring(deps, pod, signal);
  if (desired === undefined || isToldAlready(recorded, desired)) return;
  try {
    await applyStatus(deps.client, vpcIps, key, {
      fieldManager: fieldManagers.agent,
      status: { agent: { ...desired, observedAt: rfc3339(deps.clock.now()) } },
      ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
      signal,
    });
  } catch (error) {
    // Given back meanwhile: nobody waits for the report any more.
    if (!isNotFound(error)) throw error;
  }
}
