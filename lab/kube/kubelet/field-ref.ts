// The downward API: values of a Pod's own fields for its environment and its files. Pure.
import { kubeletError } from './errors.ts';
import type { LabPod } from './pod-view.ts';

/** What a Pod learns about itself beyond its own object. */
export interface PodPlace {
  readonly hostIp: string;
  /** Empty until the Pod has its network. */
  readonly podIps: readonly string[];
  /** What the node offers its Pods, for containers without limits. */
  readonly allocatable?: Readonly<Record<string, string>>;
}

/** The value of a `fieldPath` such as `metadata.name`, `status.podIP` or `metadata.labels['app']`. Throws KUBELET-UNSUPPORTED for others. */
export function fieldValue(pod: LabPod, place: PodPlace, fieldPath: string): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript !== null) {
    const map = subscript[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2] ?? ''] ?? '';
  }
  const read = READERS[fieldPath];
  if (read === undefined)
    throw kubeletError(
      'unsupported',
      `fieldPath "${fieldPath}" is not one of ${Object.keys(READERS).join(', ')}, metadata.labels['KEY'], metadata.annotations['KEY']`,
    );
  return read(pod, place);
}

const READERS: Readonly<Record<string, (pod: LabPod, place: PodPlace) => string>> = {
  'metadata.name': (pod) => pod.metadata.name,
  'metadata.namespace': (pod) => pod.metadata.namespace ?? '',
  'metadata.uid': (pod) => pod.metadata.uid ?? '',
  'metadata.labels': (pod) => quotedLines(pod.metadata.labels),
  'metadata.annotations': (pod) => quotedLines(pod.metadata.annotations),
  'spec.nodeName': (pod) => pod.spec.nodeName ?? '',
  'spec.serviceAccountName': (pod) => pod.spec.serviceAccountName ?? 'default',
  'status.hostIP': (_, place) => place.hostIp,
  'status.hostIPs': (_, place) => place.hostIp,
  'status.podIP': (_, place) => place.podIps[0] ?? '',
  'status.podIPs': (_, place) => place.podIps.join(','),
};

/** One `key="value"` a line, sorted, as the kubelet writes whole maps into files. */
function quotedLines(map: Readonly<Record<string, string>> = {}): string {
  return Object.entries(map)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
