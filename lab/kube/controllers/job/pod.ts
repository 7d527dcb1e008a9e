// The Pods that a Job makes, with the mark that keeps them until they are counted. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { podFrom } from '../ownership.ts';
import { INDEX_KEY, TRACKING_FINALIZER } from './view.ts';
import type { Job } from './view.ts';

const INDEX_ENV = 'JOB_COMPLETION_INDEX';

/** `index` of an Indexed Job: in annotation, label, host name and environment. */
export function podOf(job: Job, index: number | undefined): Pod {
  const pod = podFrom(job, job.spec.template);
  const finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const { name } = job.metadata;
  const mark = { [INDEX_KEY]: String(index) };
  const withIndex = (containers: Pod['spec']['containers']): Pod['spec']['containers'] =>
    containers.map((container) =>
      container.env?.some((variable) => variable.name === INDEX_ENV) === true
        ? container
        : {
            ...container,
            env: [
              ...(container.env ?? []),
              { name: INDEX_ENV, valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX_KEY}']` } } },
            ],
          },
    );
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${name}-${index}-`,
      finalizers,
      labels: { ...pod.metadata.labels, ...mark },
      annotations: { ...pod.metadata.annotations, ...mark },
    },
    spec: {
      ...pod.spec,
      hostname: `${name}-${index}`,
      containers: withIndex(pod.spec.containers),
      ...(pod.spec.initContainers === undefined ? {} : { initContainers: withIndex(pod.spec.initContainers) }),
    } as Pod['spec'],
  };
}
