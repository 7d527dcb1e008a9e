// What lies in a namespace, of whatever kind, and taking it away.
import { isNotFound } from '../../../../src/kube/api-error.ts';
import { errorText } from '../../../../src/base/errors.ts';
import type { KubeClient, KubeObject } from '../../../../src/kube/types.ts';
import type { ServedResource, ServedResources } from '../served-resources.ts';
import { apiVersionOf } from '../served-resources.ts';

/** What is left after a pass. */
export interface Leftovers {
  /** `pods.`, `deployments.apps` to number of objects. */
  readonly resources: ReadonlyMap<string, number>;
  /** Finalizers that keep objects, with the number of objects each keeps. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** Kinds that could not be deleted, with why. */
  readonly failures: readonly string[];
}

/** Deletes everything in the namespace and looks what is left. Rejects only when nothing could be asked at all. */
export async function deleteContents(
  client: KubeClient,
  served: ServedResources,
  namespace: string,
): Promise<Leftovers> {
  const kinds = served.preferred.filter(
    ({ namespaced, verbs }) =>
      namespaced && verbs.includes('list') && (verbs.includes('delete') || verbs.includes('deletecollection')),
  );
  const failures: string[] = [];
  const resources = new Map<string, number>();
  const finalizers = new Map<string, number>();
  await Promise.all(
    kinds.map(async (resource) => {
      try {
        if ((await list(client, resource, namespace)).length === 0) return;
        await deleteAll(client, resource, namespace);
        const left = await list(client, resource, namespace);
        if (left.length > 0) resources.set(qualified(resource), left.length);
        for (const finalizer of left.flatMap(({ metadata }) => metadata.finalizers ?? []))
          finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
      } catch (error) {
        failures.push(errorText(error));
      }
    }),
  );
  return { resources, finalizers, failures };
}

/** With the dot also for the core group: so the condition names them. */
const qualified = ({ plural, group }: ServedResource): string => `${plural}.${group}`;

/** Kinds that are gone by now hold nothing. */
async function list(client: KubeClient, resource: ServedResource, namespace: string): Promise<readonly KubeObject[]> {
  try {
    return (await client.list(resource, { namespace })).items;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

async function deleteAll(client: KubeClient, resource: ServedResource, namespace: string): Promise<void> {
  if (resource.verbs.includes('deletecollection')) {
    const root = resource.group === '' ? '/api/v1' : `/apis/${apiVersionOf(resource)}`;
    await client.request('DELETE', `${root}/namespaces/${namespace}/${resource.plural}`, {
      propagationPolicy: 'Background',
    });
    return;
  }
  const items = await list(client, resource, namespace);
  await Promise.all(
    items.map(({ metadata }) => client.delete(resource, metadata.name, { namespace, propagationPolicy: 'Background' })),
  );
}
