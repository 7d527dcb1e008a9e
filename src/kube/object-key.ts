// Keys of objects inside one resource: `namespace/name`, or `name` when cluster-scoped; and what tells one version of an object.
import type { KubeObject, ObjectKey } from './types.ts';

/** The key of an object, from its metadata. */
export function keyOf(object: Pick<KubeObject, 'metadata'>): ObjectKey {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The reverse of `keyOf`; names never contain `/`. */
export function splitKey(key: ObjectKey): { readonly namespace?: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** For a call that may meet exactly this version of the object, and no other object of its name. */
export function versionOf({ metadata: { uid, resourceVersion } }: Pick<KubeObject, 'metadata'>): {
  readonly uid?: string;
  readonly resourceVersion?: string;
} {
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}
