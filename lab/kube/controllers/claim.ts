// Which Pods a controller's selector claims: orphans are adopted, those that no longer match are let go.
import { isConflict, isNotFound } from '../../../src/kube/api-error.ts';
import { pods as podResource } from '../../../src/kube/resources.ts';
import type { LabelSelector, Pod } from '../../../src/kube/resources.ts';
import type { KubeClient, KubeObject } from '../../../src/kube/types.ts';
import { matchesSelector } from '../scheduler/label-match.ts';
import { controlledBy, controllerOf, isActive } from './ownership.ts';

export interface Claims {
  /** Ours and matching. */
  readonly own: readonly Pod[];
  /** Matching and nobody's. */
  readonly adopt: readonly Pod[];
  /** Ours no longer. */
  readonly release: readonly Pod[];
}

/** `pods`: those of the owner, and orphans of its namespace. Pods that have ended or are leaving are neither adopted nor let go. Pure. */
export function claimsOf(owner: KubeObject, selector: LabelSelector, pods: readonly Pod[]): Claims {
  const own: Pod[] = [];
  const adopt: Pod[] = [];
  const release: Pod[] = [];
  for (const pod of pods) {
    const matches = matchesSelector(selector, pod.metadata.labels);
    const controller = controllerOf(pod);
    if (controller !== undefined && controller.uid === owner.metadata.uid)
      (matches || !isActive(pod) ? own : release).push(pod);
    else if (controller === undefined && matches && isActive(pod)) adopt.push(pod);
  }
  return { own, adopt, release };
}

/** Writes who controls the Pods. A Pod that changed meanwhile is left for the next look. Throws ApiError. */
export async function writeClaims(client: KubeClient, owner: KubeObject, { adopt, release }: Claims): Promise<void> {
  const write = async (pod: Pod, ownerReferences: unknown): Promise<void> => {
    const { name, namespace = 'default', uid, resourceVersion } = pod.metadata;
    const body = { metadata: { uid, resourceVersion, ownerReferences } };
    try {
      await client.patch(podResource, name, { type: 'merge', body }, { namespace });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  };
  for (const pod of adopt) await write(pod, [...(pod.metadata.ownerReferences ?? []), controlledBy(owner)]);
  for (const pod of release) {
    const left = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
    await write(pod, left.length === 0 ? null : left);
  }
}
