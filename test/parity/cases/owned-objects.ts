// ConfigMaps that own each other, for the cases about garbage collection.
import type { Answer } from '../drivers/http.ts';
import type { ParityContext } from '../context.ts';

export interface OwnedObjects {
  make(name: string, ...owners: readonly OwnerReference[]): Promise<Owner>;
  path(name: string): string;
  /** Waits until there is none. */
  gone(name: string): Promise<unknown>;
  get(name: string): Promise<Answer>;
  /** Deletes with a policy. */
  remove(name: string, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<Answer>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly blockOwnerDeletion?: boolean;
}

/** An object and the reference that makes it an owner. */
export interface Owner {
  readonly uid: string;
  readonly reference: OwnerReference;
  readonly blocking: OwnerReference;
}

export const KEEP = 'example.com/keep';

export function ownedObjects(t: ParityContext): OwnedObjects {
  const path = (name: string): string => `${t.core}/configmaps/${name}`;
  const get = (name: string): Promise<Answer> => t.http.get(path(name));
  return {
    path,
    get,
    async make(name, ...owners) {
      const ownerReferences = owners.length === 0 ? {} : { ownerReferences: owners };
      const { metadata } = await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name, ...ownerReferences } });
      const reference = { apiVersion: 'v1', kind: 'ConfigMap', name, uid: metadata.uid };
      return { uid: metadata.uid, reference, blocking: { ...reference, blockOwnerDeletion: true } };
    },
    gone: (name) => t.until(`${name} to go`, async () => ((await get(name)).code === 404 ? true : undefined)),
    remove: (name, propagationPolicy) => t.http.call('DELETE', path(name), { propagationPolicy }),
  };
}

/** Waits until `name` has these finalizers; resolves to its metadata. */
export const untilFinalizers = (t: ParityContext, path: string, wanted: readonly string[]): Promise<Answer['body']> =>
  t.until(`finalizers ${wanted.join(', ')}`, async () => {
    const { body } = await t.http.get(path);
    const found: string[] = body['metadata']?.finalizers ?? [];
    return JSON.stringify([...found].sort()) === JSON.stringify([...wanted].sort()) ? body['metadata'] : undefined;
  });
