// Whether a Pod is over, by the server's own word: the watch may lag behind, or have missed that a name was used again.
import { isNotFound } from '../kube/api-error.ts';
import { type Pod, pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import { hasEnded, viewPod } from './pod-view.ts';

/** Gone, another one of that name, or ended. A call that fails rejects: not knowing is not gone. */
export async function isOver(
  deps: { readonly client: Pick<KubeClient, 'get'> },
  { namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<boolean> {
  let found: Pod;
  try {
    found = await deps.client.get(pods, name, { namespace, signal });
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
  return found.metadata.uid !== uid || hasEnded(viewPod(found));
}

/** The same for a Pod whose name nobody knows any more: over when no Pod of the node has this UID and still runs. */
export async function isOverOnNode(
  deps: { readonly client: Pick<KubeClient, 'list'>; readonly nodeName: string },
  uid: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { items } = await deps.client.list(pods, { fieldSelector: `spec.nodeName=${deps.nodeName}`, signal });
  const found = items.find((pod) => pod.metadata.uid === uid);
  return found === undefined || hasEnded(viewPod(found));
}
