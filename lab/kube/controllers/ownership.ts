// Who controls an object, and how a Pod is made from a template.
import type { Pod } from '../../../src/kube/resources.ts';
import type { KubeObject, OwnerReference } from '../../../src/kube/types.ts';
import type { PodTemplate } from './views.ts';

/** The reference with `controller: true`, if any. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true);

/** uid of the controlling owner, '' without one: index key. */
export const controllerUid = (object: KubeObject): string => controllerOf(object)?.uid ?? '';

export function controlledBy(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Neither ended nor on its way out. */
export const isActive = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;

/** When the Pod became ready, in ms since the epoch; `undefined` while it is not. */
function readySince(pod: Pod): number | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  if (condition?.status !== 'True') return undefined;
  const since = Date.parse(condition.lastTransitionTime ?? '');
  return Number.isNaN(since) ? 0 : since;
}

/** How long until a ready Pod counts as available, by `minReadySeconds`: 0 when it does; `undefined` while it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: Date): number | undefined {
  const since = readySince(pod);
  if (since === undefined) return undefined;
  return minReadySeconds === 0 ? 0 : Math.max(0, since + minReadySeconds * 1000 - now.getTime());
}

/** Ready for at least `minReadySeconds`. */
export const isAvailable = (pod: Pod, minReadySeconds: number, now: Date): boolean =>
  availableInMs(pod, minReadySeconds, now) === 0;

/** The shortest wait after which one more Pod counts as available, if any is on its way to it. */
export function nextAvailableMs(pods: readonly Pod[], minReadySeconds: number, now: Date): number | undefined {
  const waits = pods
    .map((pod) => availableInMs(pod, minReadySeconds, now))
    .filter((wait): wait is number => wait !== undefined && wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

export const isLeaving = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** A Pod of `owner` from a template, named by the API from the owner's name. */
export function podFrom(
  owner: KubeObject,
  template: PodTemplate,
  extra: { spec?: Partial<PodTemplate['spec']> } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace ?? 'default',
      ...(template.metadata?.labels == null ? {} : { labels: template.metadata.labels }),
      ...(template.metadata?.annotations == null ? {} : { annotations: template.metadata.annotations }),
      ...(template.metadata?.finalizers == null ? {} : { finalizers: template.metadata.finalizers }),
      ownerReferences: [controlledBy(owner)],
    },
    spec: { ...template.spec, ...extra.spec },
  };
}
