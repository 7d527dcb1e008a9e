// Tells on a Pod that waits for an exclusive ENI why no node takes it: whoever made its workload never saw the warning of admission (ADR 0025).
import { resourceNames } from '../../../api/keys.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import type { Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange } from '../../../kube/types.ts';
import { exclusiveNotServed, usesExclusiveEni } from '../../../planning/exclusive-pod.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { WorkingPod } from '../../views.ts';

/** Once when the Pod appears; a Pod that has a node is told by its claim. Silent where some node, a super node maybe, offers what is asked for. */
export function createPodExclusiveEni(
  deps: Pick<IpamdDeps, 'clock' | 'logger' | 'recorder'> & {
    readonly informers: Pick<IpamdDeps['informers'], 'pods' | 'nodes'>;
  },
): Controller {
  const { informers, clock, logger, recorder } = deps;
  return createController({
    name: 'pod.exclusive-eni',
    clock,
    logger,
    concurrency: 1,
    watches: [watchOf(informers.pods, (change) => (isNew(change) ? [change.key] : []))],
    reconcile: (key) => {
      const pod = informers.pods.get(key);
      if (pod === undefined || !waits(pod) || informers.nodes.list().some(offers)) return Promise.resolve();
      const message = `Failed to bind ip: ${exclusiveNotServed.reason}: ${exclusiveNotServed.message}`;
      recorder.record({ regarding: pod, type: 'Warning', reason: 'FailedAllocateIP', message });
      return Promise.resolve();
    },
  });
}

const isNew = ({ before, after }: InformerChange<WorkingPod>): boolean =>
  after !== undefined && waits(after) && before?.metadata.uid !== after.metadata.uid;

const waits = (pod: WorkingPod): boolean =>
  pod.nodeName === undefined &&
  pod.metadata.deletionTimestamp === undefined &&
  usesExclusiveEni({ ...pod, annotations: pod.metadata.annotations ?? {} });

const offers = ({ status }: Node): boolean => Number(status?.allocatable?.[resourceNames.directEni] ?? '0') > 0;
