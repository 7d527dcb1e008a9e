// The workload that a Pod belongs to, as people name it. Pure.
import type { KubeObject } from '../../kube/types.ts';
import type { ClusterPicture } from '../picture/picture.ts';

/** `namespace/Deployment/web`, or `namespace/Pod/web` for one that nobody made. */
export function ownerOf({ kube }: ClusterPicture, pod: KubeObject): string {
  let object: KubeObject = pod;
  // A Pod's ReplicaSet belongs to a Deployment, a Job to a CronJob; nothing is deeper.
  for (let depth = 0; depth < 3; depth += 1) {
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined) break;
    const known = kube.workloads.find(({ metadata }) => metadata.uid === owner.uid);
    if (known === undefined) return `${pod.metadata.namespace ?? ''}/${owner.kind}/${owner.name}`;
    object = known;
  }
  return `${pod.metadata.namespace ?? ''}/${object.kind || 'Pod'}/${object.metadata.name}`;
}
