// How a remote command ended, as its client learns it. Source: pkg/kubelet/cri/streaming/remotecommand, apiserver/pkg/util/proxy.
import type { StreamEnd } from './node-streams.ts';

/** metav1.Status as it travels on an error stream. */
export interface RemoteStatus {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
}

const SUCCESS: RemoteStatus = { metadata: {}, status: 'Success' };

/** Processes that a signal ended have codes of their own, as shells and container runtimes count. */
const KILLED_BY_SIGNAL = 128;

/** `words` describes the command in the message of a code that is not 0. */
export function endStatus(end: StreamEnd, words: (code: number) => string): RemoteStatus {
  if (end.kind === 'lost') return failedStatus('the process and its connection are gone');
  const code = end.kind === 'code' ? end.code : KILLED_BY_SIGNAL + end.signal;
  if (code === 0) return SUCCESS;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${words(code)}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** The command could not be run. */
export function failedStatus(text: string): RemoteStatus {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  };
}
