// The downward API: fields of a Pod as text, for environment variables and files.
import { TrunklineError } from '../../../src/base/errors.ts';
import { KUBELET_ERRORS } from './errors.ts';
import type { LabPod } from './pod-view.ts';

/**
 * The text of a field path such as `metadata.name` or `metadata.labels['app']`; '' for a label, annotation or address that
 * is not there. Throws KUBELET-CONFIG for a path that the downward API does not have.
 */
export function fieldValue(
  pod: LabPod,
  path: string,
  addresses: { readonly hostIP: string; readonly podIPs: readonly string[] },
): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return pod.metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return quotedLines(pod.metadata.labels);
    case 'metadata.annotations':
      return quotedLines(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? 'default';
    case 'status.hostIP':
      return addresses.hostIP;
    case 'status.hostIPs':
      return addresses.hostIP;
    case 'status.podIP':
      return addresses.podIPs[0] ?? '';
    case 'status.podIPs':
      return addresses.podIPs.join(',');
    default:
      throw new TrunklineError(
        KUBELET_ERRORS.config,
        `fieldPath "${path}" is not one of the downward API: metadata.name, .namespace, .uid, .labels, .annotations, spec.nodeName, spec.serviceAccountName, status.hostIP, status.podIP, status.podIPs`,
      );
  }
}

/** `key="value"` lines, as downward API files hold labels and annotations. */
function quotedLines(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join('');
}
