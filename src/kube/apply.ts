// Writing a status as its one owner: server-side apply of the status subresource.
import { apiVersionOf } from './paths.ts';
import type { KubeClient, KubeObject, Resource } from './types.ts';

export interface ApplyStatusOptions {
  /** One per program (DESIGN section 5, one writer per field). */
  readonly fieldManager: string;
  readonly namespace?: string;
  /** Everything this manager owns in the status: what it applied before and leaves out now is removed. */
  readonly status: object;
  /** Fails with a conflict when the object is at another version. */
  readonly resourceVersion?: string;
  /** Fails with a conflict when the object was made anew under the same name. */
  readonly uid?: string;
  readonly signal?: AbortSignal;
}

/** Applies with force, since every field has one owner; the server's object comes back. Throws ApiError, not-found when the object is gone. */
export async function applyStatus<T extends KubeObject>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<T>,
  name: string,
  options: ApplyStatusOptions,
): Promise<T> {
  const { fieldManager, namespace, status, resourceVersion, uid, signal } = options;
  const body = {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    },
    status,
  };
  return await client.patch(
    resource,
    name,
    { type: 'apply', body, force: true },
    {
      fieldManager,
      subresource: 'status',
      ...(namespace === undefined ? {} : { namespace }),
      ...(signal === undefined ? {} : { signal }),
    },
  );
}
