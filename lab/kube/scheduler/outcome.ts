// What the scheduler writes: the binding, or the condition and event that say why there is none.
import type { Clock } from '../../../src/base/clock.ts';
import type { EventRecorder, KubeClient, KubeObject } from '../../../src/kube/types.ts';
import { labPods } from '../kubelet/pod-view.ts';
import type { LabPod } from '../kubelet/pod-view.ts';

/** POSTs the binding with the Pod's uid, so that a namesake made in the meantime is not bound. Throws ApiError. */
export async function bindPod(
  { client, recorder }: { readonly client: Pick<KubeClient, 'request'>; readonly recorder: EventRecorder },
  pod: LabPod,
  node: string,
): Promise<void> {
  const { name, namespace = 'default', uid } = pod.metadata;
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  await client.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
  const message = `Successfully assigned ${namespace}/${name} to ${node}`;
  recorder.record({ regarding: pod, type: 'Normal', reason: 'Scheduled', message });
}

/** Condition PodScheduled=False and event FailedScheduling; writes nothing when the Pod already says exactly that. */
export async function reportUnschedulable(
  deps: { readonly client: Pick<KubeClient, 'patch'>; readonly clock: Clock; readonly recorder: EventRecorder },
  pod: LabPod,
  message: string,
): Promise<void> {
  const { client, clock, recorder } = deps;
  const known = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (known?.status === 'False' && known.message === message) return;
  const regarding: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata };
  recorder.record({ regarding, type: 'Warning', reason: 'FailedScheduling', message });
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime:
      known?.status === 'False' && known.lastTransitionTime !== undefined
        ? known.lastTransitionTime
        : clock
            .now()
            .toISOString()
            .replace(/\.\d+Z$/, 'Z'),
  };
  await client.patch(
    labPods,
    pod.metadata.name,
    { type: 'strategic', body: { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } } },
    { namespace: pod.metadata.namespace ?? 'default', subresource: 'status' },
  );
}
