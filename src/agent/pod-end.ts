// Told while a Pod is being connected: that it went away or ended meanwhile, so that nobody waits for its network any more.
import type { PodArgs } from '../cni/args.ts';
import { gone } from './find-pod.ts';
import { hasEnded } from './pod-view.ts';
import type { ServiceDeps } from './service-deps.ts';

/** `signal` aborts with AGENT-POD-GONE. Call `stop` when the work is done. */
export function watchPodEnd(
  deps: Pick<ServiceDeps, 'pods'>,
  wanted: PodArgs,
  uid: string,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const ended = new AbortController();
  const end = (why: string): void => ended.abort(gone({ ...wanted, uid }, why));
  const stop = deps.pods.onChange(({ type, before, after }) => {
    if (type === 'deleted' && before?.metadata.uid === uid) end('it was deleted while its network was made');
    if (after?.metadata.uid === uid && hasEnded(after))
      end(`its phase became ${after.phase} while its network was made`);
  });
  return { signal: ended.signal, stop };
}
