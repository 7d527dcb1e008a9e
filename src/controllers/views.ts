// The Pod as ipamd keeps it in memory: only what decides, so that a hundred thousand fit.
import { identityOf } from '../kube/identity.ts';
import type { Pod } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import type { PodFacts } from '../planning/pod-intent.ts';

/** Its Kubernetes metadata is cut to names, versions and our annotations. */
export interface WorkingPod extends KubeObject {
  nodeName: string | undefined;
  hostNetwork: boolean;
  ended: boolean;
  scheduledAt: string | undefined;
}

const KEPT = 'tke.cloud.tencent.com/';

/** Keeps name, uid, version, our annotations and what decides about release. */
export function projectPod(pod: Pod): WorkingPod {
  const { deletionTimestamp, annotations } = pod.metadata;
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.includes(KEPT));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...identityOf(pod.metadata),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      annotations: Object.fromEntries(ours),
    },
    nodeName: pod.spec.nodeName,
    hostNetwork: pod.spec.hostNetwork === true,
    ended: pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed',
    scheduledAt: pod.status?.conditions?.find(
      (condition) => condition.type === 'PodScheduled' && condition.status === 'True',
    )?.lastTransitionTime,
  };
}

/** The facts that the planner of intents decides on. */
export function podFacts(pod: WorkingPod): PodFacts {
  return {
    namespace: pod.metadata.namespace ?? 'default',
    name: pod.metadata.name,
    uid: pod.metadata.uid ?? '',
    nodeName: pod.nodeName,
    annotations: pod.metadata.annotations ?? {},
    ended: pod.ended || pod.metadata.deletionTimestamp !== undefined,
    hostNetwork: pod.hostNetwork,
  };
}
