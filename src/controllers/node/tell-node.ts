// Events about a Node, as `kubectl describe node` shows them.
import type { IpamdDeps } from '../deps.ts';

export interface NodeNews {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The recorder looks after repetitions. */
export function tellNode(
  { recorder, informers }: Pick<IpamdDeps, 'recorder' | 'informers'>,
  nodeName: string,
  news: NodeNews,
): void {
  const uid = informers.nodes.get(nodeName)?.metadata.uid;
  const metadata = { name: nodeName, ...(uid === undefined ? {} : { uid }) };
  recorder.record({ regarding: { apiVersion: 'v1', kind: 'Node', metadata }, ...news });
}
