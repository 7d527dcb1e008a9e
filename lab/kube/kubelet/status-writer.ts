// Writes a Pod's status behind the worker's back: always the newest, one write at a time.
import { errorText } from '../../../src/base/errors.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import { isConflict, isNotFound } from '../../../src/kube/api-error.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { labPods } from './pod-view.ts';
import type { LabPod, LabPodStatus } from './pod-view.ts';
import { retryDelayMs } from './restart-policy.ts';

export interface StatusWriter {
  /** Queues this status; one that still waits is replaced, one that equals the last is dropped. */
  report(status: LabPodStatus): void;
  /** Resolves when the last reported status was written, or can no longer be. Never rejects. */
  flush(): Promise<void>;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** Ends for good when the Pod is gone or was made anew under its name, or when `signal` aborts. */
export function createStatusWriter(
  deps: { readonly client: Pick<KubeClient, 'patch'>; readonly clock: Clock; readonly logger: Logger },
  pod: LabPod,
  signal: AbortSignal,
): StatusWriter {
  const { client, clock, logger } = deps;
  const { name, namespace = 'default', uid } = pod.metadata;
  let next: LabPodStatus | undefined;
  let last = '';
  let closed = false;
  let writing: Promise<void> | undefined;

  const write = async (status: LabPodStatus): Promise<void> => {
    const body = { metadata: { uid }, status };
    await client.patch(labPods, name, { type: 'strategic', body }, { namespace, subresource: 'status' });
  };
  const drain = async (): Promise<void> => {
    for (let failures = 0; next !== undefined && !closed && !signal.aborted; ) {
      const status = next;
      next = undefined;
      try {
        await write(status);
        failures = 0;
      } catch (error) {
        // A uid that differs is a conflict too: that Pod is another one.
        closed = isNotFound(error) || isConflict(error);
        if (closed || signal.aborted) return;
        logger.warn({ pod: `${namespace}/${name}`, error: errorText(error) }, 'pod status could not be written');
        next ??= status;
        await clock.sleep(retryDelayMs(++failures, FIRST_RETRY_MS, MAX_RETRY_MS), signal).catch(() => undefined);
      }
    }
  };
  return {
    report: (status) => {
      const text = JSON.stringify(status);
      if (text === last) return;
      last = text;
      next = status;
      writing ??= drain().finally(() => {
        writing = undefined;
      });
    },
    flush: async () => {
      while (writing !== undefined) await writing;
    },
  };
}
