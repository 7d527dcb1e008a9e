// Pods as the webhook would have marked them, bound at creation.
import { annotations, networks, resourceNames } from '../src/api/keys.ts';
import { pods } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';

export const podResource = pods;

export function subEniPod(name: string, nodeName: string, groups: readonly string[]): Pod {
  const one = { [resourceNames.subEni]: '1' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      annotations: { [annotations.networks]: networks.subEni, [annotations.securityGroupId]: groups.join(',') },
    },
    spec: { nodeName, containers: [{ name: 'main', image: 'busybox', resources: { limits: one, requests: one } }] },
  };
}
