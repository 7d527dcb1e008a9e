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
      ownerReferences: [controlledBy(owner)],
    },
    spec: { ...template.spec, ...extra.spec },
  };
}
