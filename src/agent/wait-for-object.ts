// Waiting on a watch: the object is looked at now and after each of its changes.
import type { Informer, KubeObject, ObjectKey } from '../kube/types.ts';

/**
 * What `pick` makes of the object (undefined while it is not there), as soon as it makes something of it. What `pick` throws rejects; so does
 * the signal's reason when it aborts first.
 */
export function waitForObject<T extends KubeObject, R>(
  informer: Pick<Informer<T>, 'get' | 'onChange'>,
  key: ObjectKey,
  pick: (object: T | undefined) => R | undefined,
  signal: AbortSignal,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const end = (act: () => void): void => {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => end(() => reject(signal.reason as Error));
    const look = (): void => {
      try {
        const picked = pick(informer.get(key));
        if (picked !== undefined) end(() => resolve(picked));
      } catch (error) {
        end(() => reject(error as Error));
      }
    };
    const unsubscribe = informer.onChange((change) => {
      if (change.key === key) look();
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else look();
  });
}
