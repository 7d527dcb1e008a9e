// Deleting a CustomResourceDefinition: its objects go first, each as any deletion goes, and the definition with the last of them.
import { timestamp } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { objectAt } from '../json.ts';
import { objectKey } from '../registry/definition.ts';
import type { Collection } from '../storage/store.ts';
import type { Condition } from './definition-conditions.ts';
import { isTrue, withCondition } from './definition-conditions.ts';

/** Keeps a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** Is the definition being deleted, with its objects still to be removed? */
export const isBeingCleanedUp = (crd: ApiObject): boolean =>
  crd.metadata.deletionTimestamp !== undefined && (crd.metadata.finalizers ?? []).includes(CLEANUP_FINALIZER);

const inProgress: Condition = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
};
const completed: Condition = {
  type: 'Terminating',
  status: 'False',
  reason: 'InstanceDeletionCompleted',
  message: 'removed all instances',
};
const neverEstablished: Condition = {
  type: 'Terminating',
  status: 'False',
  reason: 'NeverEstablished',
  message: 'resource was never established',
};

/**
 * One step of the clean-up: deletes the objects in `instances` and tells what the definition looks like next, `undefined` while objects
 * with finalizers are left. A definition without its finalizer and without others is to be removed.
 */
export function cleanUp(crd: ApiObject, instances: Collection, now: Date): ApiObject | undefined {
  const time = timestamp(now);
  if (!hasReason(crd, inProgress.reason) && !hasReason(crd, completed.reason)) return withStatus(crd, inProgress, time);
  if (!isTrue(crd, 'Established')) return withoutFinalizer(withStatus(crd, neverEstablished, time));
  for (const entry of instances.list()) {
    const { object } = entry;
    const { namespace, name, finalizers = [], deletionTimestamp } = object.metadata;
    const key = objectKey(namespace, name);
    if (finalizers.length === 0) instances.remove(key, entry, object);
    else if (deletionTimestamp === undefined) instances.update(key, entry, marked(object, time));
  }
  return instances.size > 0 ? undefined : withoutFinalizer(withStatus(crd, completed, time));
}

const hasReason = (crd: ApiObject, reason: string): boolean => {
  const conditions = objectAt(crd, 'status')['conditions'];
  return Array.isArray(conditions) && conditions.some((entry: unknown) => objectAt(entry)['reason'] === reason);
};

const withStatus = (crd: ApiObject, condition: Condition, time: string): ApiObject => ({
  ...crd,
  status: { ...objectAt(crd, 'status'), conditions: withCondition(crd, condition, time) },
});

function withoutFinalizer(crd: ApiObject): ApiObject {
  const { finalizers = [], ...metadata } = crd.metadata;
  const others = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  return { ...crd, metadata: others.length === 0 ? metadata : { ...metadata, finalizers: others } };
}

/** An object that waits for its finalizers; marking it counts as a change. */
function marked(object: ApiObject, time: string): ApiObject {
  const { generation = 0 } = object.metadata;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: time,
      deletionGracePeriodSeconds: 0,
      ...(generation > 0 ? { generation: generation + 1 } : {}),
    },
  };
}
