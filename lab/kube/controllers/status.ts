// Writes a status where it differs from what is there.
import { isDeepStrictEqual } from 'node:util';

import { isNotFound } from '../../../src/kube/api-error.ts';
import type { KubeClient, KubeObject, Resource } from '../../../src/kube/types.ts';

const withoutNothing = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, entry: unknown) => (entry === null ? undefined : entry)) ?? 'null') as unknown;

/**
 * Merges `status` into the object's; fields that are `null` or `undefined` are taken away, fields that it does not name stay. Writes nothing
 * when all of them are so already, and minds no object that is gone. `locked`: a conflict where the object is newer. Zero and absent are the same to a count. Throws ApiError.
 */
export async function writeStatus<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  object: T,
  status: Readonly<Record<string, unknown>>,
  lock: 'locked' | 'unlocked' = 'unlocked',
): Promise<void> {
  const before = ((object as { status?: Record<string, unknown> }).status ?? {}) as Record<string, unknown>;
  const isSame = Object.entries(status).every(
    ([field, value]) =>
      isDeepStrictEqual(withoutNothing(value ?? null), withoutNothing(before[field] ?? null)) ||
      (value === 0 && before[field] === undefined),
  );
  if (isSame) return;
  const body = Object.fromEntries(Object.entries(status).map(([field, value]) => [field, value ?? null]));
  try {
    await client.patch(
      resource,
      object.metadata.name,
      {
        type: 'merge',
        body: {
          metadata: {
            uid: object.metadata.uid,
            ...(lock === 'locked' ? { resourceVersion: object.metadata.resourceVersion } : {}),
          },
          status: body,
        },
      },
      { namespace: object.metadata.namespace ?? 'default', subresource: 'status' },
    );
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
