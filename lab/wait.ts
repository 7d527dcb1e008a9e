// Waiting for the cluster by watching it: list, look, then look again at every change. Never polls.
import { isGone } from '../src/kube/api-error.ts';
import type { KubeClient, KubeObject, Resource } from '../src/kube/types.ts';

export interface WaitOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Gives up after this; default 60 s. */
  readonly timeoutMs?: number;
  /** What is waited for, for the message on giving up, e.g. `ten Pods Running`. */
  readonly what: string;
}

/**
 * Resolves with the first set of objects that satisfies `done`. Throws after the time-out with what was waited for and what
 * `describe` says of the last state.
 */
export async function waitForObjects<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  done: (objects: readonly T[]) => boolean,
  options: WaitOptions & { readonly describe?: (objects: readonly T[]) => string },
): Promise<readonly T[]> {
  const { timeoutMs = 60_000, what, describe, ...selection } = options;
  const limit = AbortSignal.timeout(timeoutMs);
  let last: readonly T[] = [];
  try {
    for (;;) {
      const listed = await client.list(resource, { ...selection, signal: limit });
      const objects = new Map(listed.items.map((item) => [keyOf(item), item]));
      last = [...objects.values()];
      if (done(last)) return last;
      const stream = client.watch(resource, { ...selection, resourceVersion: listed.resourceVersion, signal: limit });
      try {
        for await (const event of stream) {
          if (event.type === 'BOOKMARK') continue;
          if (event.type === 'DELETED') objects.delete(keyOf(event.object));
          else objects.set(keyOf(event.object), event.object);
          last = [...objects.values()];
          if (done(last)) return last;
        }
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new Error(`waited ${timeoutMs / 1000} s for ${what}; last seen: ${describe?.(last) ?? names(last)}`, {
      cause: error,
    });
  }
}

const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

const names = (objects: readonly KubeObject[]): string =>
  objects.map((object) => object.metadata.name).join(', ') || 'nothing';
