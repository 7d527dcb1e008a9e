// Pods that a policy matches, bound at creation, and the policy.
import { securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { pods } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';

export const podResource = pods;

const LABELS = { app: 'bench' } as const;

/** The policy that gives every Pod of the benchmark one group; resolves when admission applies it. */
export async function createPolicy(client: KubeClient, group: string, nodeName: string): Promise<void> {
  await client.create(
    securityGroupPolicies,
    {
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name: 'bench', namespace: 'default' },
      spec: { podSelector: { matchLabels: LABELS }, securityGroups: { groupIds: [group] } },
    },
    { namespace: 'default' },
  );
  // Admission reads policies from a watch; a first Pod is made until it comes back marked.
  for (;;) {
    const probe = await client.create(podResource, boundPod('probe', nodeName), { namespace: 'default' });
    await client.delete(podResource, 'probe', { namespace: 'default', gracePeriodSeconds: 0 });
    if (probe.spec.containers[0]?.resources?.limits !== undefined) return;
  }
}

export function boundPod(name: string, nodeName: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: LABELS },
    spec: { nodeName, containers: [{ name: 'main', image: 'busybox' }] },
  };
}
