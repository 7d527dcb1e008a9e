// What the node offers to sub-ENIs right now, kept by the node controller and waited for by ADD.
import type { NodeNetwork, ReadyNode } from './service-deps.ts';

export interface MutableNodeNetwork extends NodeNetwork {
  /** The node can connect Pods; wakes those who wait. */
  becomeReady(node: ReadyNode): void;
  /** The node cannot, and why, for people. */
  becomeUnready(message: string): void;
}

/** Starts unready. */
export function createNodeNetwork(): MutableNodeNetwork {
  let ready: ReadyNode | undefined;
  let message = 'the agent has not looked at the node yet';
  const waiting = new Set<(node: ReadyNode) => void>();
  return {
    get ready() {
      return ready;
    },
    get message() {
      return message;
    },
    waitReady: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        if (ready !== undefined) return resolve(ready);
        const onAbort = (): void => {
          waiting.delete(onReady);
          reject(signal.reason as Error);
        };
        const onReady = (node: ReadyNode): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(node);
        };
        waiting.add(onReady);
        signal.addEventListener('abort', onAbort, { once: true });
      }),
    becomeReady: (node) => {
      ready = node;
      message = '';
      for (const tell of waiting) tell(node);
      waiting.clear();
    },
    becomeUnready: (why) => {
      ready = undefined;
      message = why;
    },
  };
}
