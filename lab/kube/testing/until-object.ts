// For tests: waits on a watch until an object of a collection is as wanted, or until it is gone.
import type { KubeClient, KubeObject, ListOptions, Resource } from '../../../src/kube/types.ts';
import { waitForObjects } from '../../wait.ts';

const TIMEOUT_MS = 10_000;

/** The first object for which `holds`, listed or watched. Rejects after 10 s with what was seen last. */
export async function untilObject<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: ListOptions,
  holds: (object: T) => boolean,
): Promise<T> {
  const found = await follow(client, resource, options, (_, object) => holds(object));
  return found;
}

/** Resolves once no object of that name is left. */
export async function untilGone(
  client: KubeClient,
  resource: Resource,
  name: string,
  namespace: string,
): Promise<void> {
  await waitForObjects(client, resource, (all) => !all.some((object) => object.metadata.name === name), {
    namespace,
    timeoutMs: TIMEOUT_MS,
    what: `${resource.plural} ${namespace}/${name} to go`,
  });
}

async function follow<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: ListOptions,
  holds: (type: string, object: T) => boolean,
): Promise<T> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let last: T | undefined;
  try {
    const { items, resourceVersion } = await client.list(resource, { ...options, signal });
    for (const object of items) {
      last = object;
      if (holds('ADDED', object)) return object;
    }
    for await (const event of client.watch(resource, { ...options, resourceVersion, signal })) {
      if (event.type === 'BOOKMARK') continue;
      last = event.object;
      if (holds(event.type, event.object)) return event.object;
    }
  } catch (error) {
    throw new Error(`${resource.plural}: not as wanted after ${TIMEOUT_MS} ms; last seen: ${JSON.stringify(last)}`, {
      cause: error,
    });
  }
  throw new Error(`${resource.plural}: the watch ended; last seen: ${JSON.stringify(last)}`);
}
