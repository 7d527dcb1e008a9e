// The documented Event `SucceedSetPodIP` (facts tke.md 13.1).
import { networks } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { IpamdDeps } from '../../deps.ts';

/** Durations as Go prints whole seconds: `1m21s`. */
export function goSeconds(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}

/** Once per sub-ENI, when it became ready; also counts the time it took since the Pod was bound. */
export function reportAddress(deps: IpamdDeps, eni: VpcEni): void {
  const owner = eni.spec.pod;
  if (owner === undefined) return;
  const [pod] = deps.informers.pods.byIndex('uid', owner.uid);
  const now = deps.clock.now().getTime();
  const since = (from: string | undefined): string => goSeconds(from === undefined ? 0 : now - Date.parse(from));
  if (pod?.scheduledAt !== undefined)
    deps.metrics.podSetIpLatency.observe(Math.max(0, now - Date.parse(pod.scheduledAt)) / 1000);
  const message = JSON.stringify({
    namespace: owner.namespace,
    name: owner.name,
    podIP: eni.status?.eni?.addresses[0]?.ip ?? '',
    scheduledTime: pod?.scheduledAt ?? '',
    setDuration: since(pod?.scheduledAt ?? eni.metadata.creationTimestamp),
    assignedDuration: since(eni.metadata.creationTimestamp),
    cniTypes: [networks.subEni],
    staticMode: true,
    staticIP: false,
    nodeType: 'Normal',
    podUID: owner.uid,
  });
  deps.recorder.record({
    regarding: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: owner.namespace, name: owner.name, uid: owner.uid },
    },
    type: 'Normal',
    reason: 'SucceedSetPodIP',
    message,
  });
}
