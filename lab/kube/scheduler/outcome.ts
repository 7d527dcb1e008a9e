// What the scheduler writes: the binding, the condition and event that say why there is none, and the end of Pods that must go.
import type { Clock } from '../../../src/base/clock.ts';
import { isNotFound } from '../../../src/kube/api-error.ts';
import { rfc3339 } from '../../../src/kube/times.ts';
import type { EventRecorder, KubeClient, KubeObject } from '../../../src/kube/types.ts';
import { schedPods } from './view.ts';
import type { SchedPod } from './view.ts';

export interface OutcomeDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** The scheduler's name, as conditions tell it. */
  readonly name: string;
}

/** POSTs the binding with the Pod's uid, so that a namesake made in the meantime is not bound. Throws ApiError. */
export async function bindPod({ client }: OutcomeDeps, pod: SchedPod, node: string): Promise<void> {
  const { name, namespace = 'default', uid } = pod.metadata;
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, ...(uid === undefined ? {} : { uid }) },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  await client.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
}

/** Event `Scheduled`. */
export function reportBound({ recorder }: OutcomeDeps, pod: SchedPod, node: string): void {
  const { name, namespace = 'default' } = pod.metadata;
  const message = `Successfully assigned ${namespace}/${name} to ${node}`;
  recorder.record({ regarding: identity(pod), type: 'Normal', reason: 'Scheduled', message });
}

/**
 * Condition PodScheduled=False and event FailedScheduling, and the node that was promised (or '' to take a promise back); writes nothing when
 * the Pod already says exactly that. `SchedulerError`: the attempt failed, the Pod itself may be fine.
 */
export async function reportUnschedulable(
  { client, clock, recorder }: OutcomeDeps,
  pod: SchedPod,
  reason: 'Unschedulable' | 'SchedulerError',
  message: string,
  nominatedNodeName: string,
): Promise<void> {
  const known = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  const promised = pod.status?.nominatedNodeName ?? '';
  if (known?.status === 'False' && known.message === message && promised === nominatedNodeName) return;
  recorder.record({ regarding: identity(pod), type: 'Warning', reason: 'FailedScheduling', message });
  const since = known?.status === 'False' ? known.lastTransitionTime : undefined;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastTransitionTime: since ?? rfc3339(clock.now()),
  };
  const status = {
    conditions: [condition],
    ...(promised === nominatedNodeName
      ? {}
      : { nominatedNodeName: nominatedNodeName === '' ? null : nominatedNodeName }),
  };
  await patchStatus(client, pod, status);
}

/** Tells a victim why it goes, then deletes it with its grace. One that is gone already is fine. */
export async function preempt(
  { client, clock, recorder, name }: OutcomeDeps,
  victim: SchedPod,
  forPod: SchedPod,
  node: string,
): Promise<void> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${name}: preempting to accommodate a higher priority pod`,
    lastTransitionTime: rfc3339(clock.now()),
  };
  await patchStatus(client, victim, { conditions: [condition] });
  await client.delete(schedPods, victim.metadata.name, {
    namespace: victim.metadata.namespace ?? 'default',
    preconditions: { uid: victim.metadata.uid ?? '' },
  });
  const message = `Preempted by pod ${forPod.metadata.uid ?? ''} on node ${node}`;
  recorder.record({ regarding: identity(victim), type: 'Normal', reason: 'Preempted', message });
}

const identity = ({ metadata }: SchedPod): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata });

async function patchStatus(client: KubeClient, pod: SchedPod, status: object): Promise<void> {
  try {
    await client.patch(
      schedPods,
      pod.metadata.name,
      { type: 'strategic', body: { metadata: { uid: pod.metadata.uid }, status } },
      { namespace: pod.metadata.namespace ?? 'default', subresource: 'status' },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
