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

/** A Pod that has its address now. */
export interface ServedPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  /** As the annotation `networks` names it. */
  readonly network: string;
  /** RFC 3339; when the cloud was first asked, or the agent gave the address out. */
  readonly assignedFrom: string | undefined;
  readonly scheduledAt: string | undefined;
  readonly staticMode: boolean;
  /** It is kept for the next Pod of this name; absent: it is not. */
  readonly staticIP?: boolean;
}

/** Once per sub-ENI, when it became ready; also counts the time it took since the Pod was bound. */
export function reportAddress(deps: IpamdDeps, eni: VpcEni): void {
  const owner = eni.spec.pod;
  if (owner === undefined) return;
  const [pod] = deps.informers.pods.byIndex('uid', owner.uid);
  reportServed(deps, {
    ...owner,
    ip: eni.status?.eni?.addresses[0]?.ip ?? '',
    network: networks.subEni,
    assignedFrom: eni.metadata.creationTimestamp,
    scheduledAt: pod?.scheduledAt,
    staticMode: true,
  });
}

/** The documented Event on the Pod, and its latency. */
export function reportServed(deps: Pick<IpamdDeps, 'clock' | 'metrics' | 'recorder'>, served: ServedPod): void {
  const { namespace, name, uid, scheduledAt, assignedFrom } = served;
  const now = deps.clock.now().getTime();
  const since = (from: string | undefined): string => goSeconds(from === undefined ? 0 : now - Date.parse(from));
  if (scheduledAt !== undefined)
    deps.metrics.podSetIpLatency.observe(Math.max(0, now - Date.parse(scheduledAt)) / 1000);
  const message = JSON.stringify({
    namespace,
    name,
    podIP: served.ip,
    scheduledTime: scheduledAt ?? '',
    setDuration: since(scheduledAt ?? assignedFrom),
    assignedDuration: since(assignedFrom),
    cniTypes: [served.network],
    staticMode: served.staticMode,
    staticIP: served.staticIP ?? false,
    nodeType: 'Normal',
    podUID: uid,
  });
  deps.recorder.record({
    regarding: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid } },
    type: 'Normal',
    reason: 'SucceedSetPodIP',
    message,
  });
}
