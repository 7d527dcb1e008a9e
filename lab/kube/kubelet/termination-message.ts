// What a container says about its end: the file that it wrote, or the last lines of its log. Source: pkg/kubelet/kuberuntime (getTerminationMessage).
import { open } from 'node:fs/promises';
import type { LabHost } from '../../host/types.ts';
import { createLineWriter } from './logs/log-lines.ts';

/** Where a container's message is looked for, as its Pod says. */
export interface TerminationMessageSource {
  /** In the container's root. */
  readonly path: string;
  /** Where a container that failed wrote no message, the end of its log is one. */
  readonly fallsBackToLog: boolean;
}

const MAX_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

/** At most 4096 bytes; empty without one, and where the path leads to no file. The root must still be there. */
export async function writtenMessage(host: LabHost, root: string, { path }: TerminationMessageSource): Promise<string> {
  return (await host.readFile(root, path, MAX_BYTES).catch(() => undefined)) ?? '';
}

/** At most 2048 bytes and 80 lines of the end of a log; empty without one. */
export async function endOfLog(logFile: string): Promise<string> {
  const file = await open(logFile).catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    // Each line carries time and stream, which are not counted.
    const wanted = Math.min(size, MAX_LOG_BYTES + MAX_LOG_LINES * 64);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, size - wanted);
    const text = createLineWriter({ timestamps: false }).take(buffer.subarray(0, bytesRead)).toString('utf8');
    return text
      .split(/(?<=\n)/)
      .slice(-MAX_LOG_LINES)
      .join('')
      .slice(-MAX_LOG_BYTES);
  } finally {
    await file.close();
  }
}
