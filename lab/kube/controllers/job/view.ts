// Jobs as their controller reads them.
import type { LabelSelector, Pod } from '../../../../src/kube/resources.ts';
import type { KubeObject, Resource } from '../../../../src/kube/types.ts';
import type { PodTemplate } from '../views.ts';

export interface JobCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastProbeTime?: string;
  lastTransitionTime?: string;
}

export interface JobStatus {
  active?: number;
  ready?: number;
  terminating?: number;
  succeeded?: number;
  failed?: number;
  startTime?: string;
  completionTime?: string;
  completedIndexes?: string;
  conditions?: JobCondition[];
  /** uids of ended Pods that `succeeded` and `failed` do not contain yet, because their Pods still carry the finalizer. */
  uncountedTerminatedPods?: { succeeded?: string[]; failed?: string[] };
}

export interface Job extends KubeObject {
  spec: {
    parallelism?: number;
    completions?: number;
    activeDeadlineSeconds?: number;
    backoffLimit?: number;
    backoffLimitPerIndex?: number;
    maxFailedIndexes?: number;
    podFailurePolicy?: object;
    successPolicy?: object;
    managedBy?: string;
    selector?: LabelSelector;
    template: PodTemplate & { spec: { restartPolicy?: string } };
    ttlSecondsAfterFinished?: number;
    completionMode?: string;
    suspend?: boolean;
    podReplacementPolicy?: string;
  };
  status?: JobStatus;
}

export const jobs: Resource<Job> = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true };

/** Keeps an ended Pod until its Job has counted it. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
/** Annotation and label with the index of a Pod of an Indexed Job. */
export const INDEX_KEY = 'batch.kubernetes.io/job-completion-index';

export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false;

/** The condition that ended the Job, if one has. */
export const finishedBy = (job: Job): JobCondition | undefined =>
  job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');

/** Fields that change how a Job ends and that the lab's controller does not act on: a Job with one is told so, not run otherwise. */
export const unservedFields = (job: Job): string[] =>
  (['backoffLimitPerIndex', 'maxFailedIndexes', 'podFailurePolicy', 'successPolicy'] as const).filter(
    (field) => job.spec[field] != null,
  );
