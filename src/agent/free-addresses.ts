// Gives a shared address back to the node's pool: once its Pod is over by the server's own word, and nothing of it is wired.
import { errorText } from '../base/errors.ts';
import type { KubeClient, ReconcileResult } from '../kube/types.ts';
import { freed } from './address-book.ts';
import { hasEnded } from './pod-view.ts';
import { isOver, isOverOnNode } from './pod-over.ts';
import { podKey, type ServiceDeps } from './service-deps.ts';

export interface FreeDeps
  extends Pick<ServiceDeps, 'nodeName' | 'pods' | 'store' | 'addresses' | 'lock' | 'restNowMs' | 'logger'> {
  readonly client: Pick<KubeClient, 'get' | 'list'>;
}

/** The watch and the server may disagree for a while; a change that both know of wakes us earlier. */
const LOOK_AGAIN_MS = 30_000;
/** A steady pace instead of a back-off: after hours without the API the addresses are needed soon. */
const ASK_AGAIN_MS = 10_000;

/** A reconcile by Pod UID. While the server does not answer, the address stays taken. */
export async function freeAddress(
  deps: FreeDeps,
  uid: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (deps.addresses.holders.ofPod(uid) === undefined || isServed(deps, uid)) return undefined;
  // Nobody wires this UID meanwhile.
  return deps.lock.hold(uid, async () => {
    const own = deps.addresses.holders.ofPod(uid);
    if (own === undefined || isServed(deps, uid)) return undefined;
    const over = await ask(deps, uid, signal);
    if (over === undefined) return { requeueAfterMs: ASK_AGAIN_MS };
    if (!over) return { requeueAfterMs: LOOK_AGAIN_MS };
    deps.addresses.change((book) => freed(book, uid, deps.restNowMs()));
    deps.logger.info({ podUID: uid, ip: own.ip }, 'shared address freed');
    await deps.addresses.saved();
    return undefined;
  });
}

/** Undefined while the server does not answer. */
async function ask(deps: FreeDeps, uid: string, signal: AbortSignal): Promise<boolean | undefined> {
  const name = deps.addresses.nameOf(uid);
  try {
    return name === undefined ? await isOverOnNode(deps, uid, signal) : await isOver(deps, { ...name, uid }, signal);
  } catch (error) {
    signal.throwIfAborted();
    deps.logger.warn({ podUID: uid, error: errorText(error) }, 'the API does not say whether a Pod is gone');
    return undefined;
  }
}

/** Something of it is wired, or the watch says that it lives: that costs no call, and its end will be told. */
function isServed({ store, pods, addresses }: FreeDeps, uid: string): boolean {
  if (store.ofPod(uid).length > 0) return true;
  const name = addresses.nameOf(uid);
  const cached = name === undefined ? undefined : pods.get(podKey(name));
  return cached?.metadata.uid === uid && !hasEnded(cached);
}
