// Tells, on each Pod, the shared address that its agent gave it (facts/tke.md 13.1), as agents report the use.
import { networks } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { InformerChange } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { reportServed } from '../../vpc-eni/lifecycle/report-address.ts';

/** Of changes only: what was in use before this process began was told then. */
export function reportUse(deps: IpamdDeps, { before, after }: InformerChange<VpcEni>): void {
  if (before === undefined || after?.status?.use === undefined) return;
  const known = new Set(before.status?.use?.inUse.map((entry) => entry.podUID));
  for (const { ip, podUID } of after.status.use.inUse) {
    if (known.has(podUID)) continue;
    const [pod] = deps.informers.pods.byIndex('uid', podUID);
    if (pod === undefined) continue;
    reportServed(deps, {
      namespace: pod.metadata.namespace ?? 'default',
      name: pod.metadata.name,
      uid: podUID,
      ip,
      network: networks.routeEni,
      assignedFrom: pod.scheduledAt,
      scheduledAt: pod.scheduledAt,
      staticMode: false,
    });
  }
}
