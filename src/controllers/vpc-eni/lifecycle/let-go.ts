// The last step of a VpcENI: the cloud has nothing of it any more, so the finalizer comes off and the object goes.
import { finalizers } from '../../../api/keys.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import type { LifecycleDeps } from './deps.ts';

/** An object that is gone already is success. The version is the lock: who wrote meanwhile is looked at first. */
export async function letGo(deps: LifecycleDeps, eni: VpcEni): Promise<undefined> {
  const { name, uid = '', resourceVersion } = eni.metadata;
  const kept = (eni.metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.eni);
  try {
    const body = { metadata: { finalizers: kept, resourceVersion } };
    const freed = await deps.client.patch(vpcEnis, name, { type: 'merge', body });
    if (freed.metadata.deletionTimestamp === undefined)
      await deps.client.delete(vpcEnis, name, { preconditions: { uid } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  deps.progress.release(uid);
  deps.enis.forget(name);
}
