// The metadata that every projection must keep, so that informers can tell objects and versions apart.
import type { ObjectMeta } from './types.ts';

/** Name, namespace, uid and resourceVersion; fields that are absent stay absent. */
export function identityOf({ name, namespace, uid, resourceVersion }: ObjectMeta): ObjectMeta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
