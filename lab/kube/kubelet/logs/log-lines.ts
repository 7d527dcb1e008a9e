// Lines of a container's log file as `kubectl logs` shows them. Source: pkg/kubelet/kuberuntime/logs (parseCRILog, logWriter).

export interface LineFilter {
  readonly timestamps: boolean;
  /** Milliseconds since the epoch; lines from before are left out. */
  readonly sinceMs?: number | undefined;
  readonly limitBytes?: number | undefined;
}

export interface LineWriter {
  /** What these bytes of the file come to; incomplete lines wait for the next bytes. */
  take(chunk: Buffer): Buffer;
  /** A new file begins: what is left of the old one's last line is of no use. */
  reset(): void;
  /** True once `limitBytes` were given out. */
  readonly isFull: boolean;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** `2026-01-02T03:04:05.678`: the precision in which a start is asked for. */
const MILLISECONDS = 23;

export function createLineWriter({ timestamps, sinceMs, limitBytes }: LineFilter): LineWriter {
  const since = sinceMs === undefined ? '' : new Date(sinceMs).toISOString().slice(0, MILLISECONDS);
  const state = { rest: Buffer.alloc(0), left: limitBytes ?? Number.POSITIVE_INFINITY };

  const shown = (line: Buffer): readonly Buffer[] => {
    const timeEnd = line.indexOf(SPACE);
    const streamEnd = line.indexOf(SPACE, timeEnd + 1);
    const tagEnd = line.indexOf(SPACE, streamEnd + 1);
    if (timeEnd < 0 || streamEnd < 0 || tagEnd < 0) return [];
    if (since !== '' && line.toString('latin1', 0, MILLISECONDS) < since) return [];
    const isPart = line.toString('latin1', streamEnd + 1, tagEnd).split(':')[0] === 'P';
    const text = line.subarray(tagEnd + 1, isPart ? line.length - 1 : line.length);
    return timestamps ? [line.subarray(0, timeEnd + 1), text] : [text];
  };
  const withinLimit = (parts: readonly Buffer[]): Buffer => {
    const all = Buffer.concat(parts);
    const given = all.length > state.left ? all.subarray(0, state.left) : all;
    state.left -= given.length;
    return given;
  };

  return {
    get isFull() {
      return state.left <= 0;
    },
    take: (chunk) => {
      const bytes = state.rest.length === 0 ? chunk : Buffer.concat([state.rest, chunk]);
      const parts: Buffer[] = [];
      let at = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
        parts.push(...shown(bytes.subarray(at, end + 1)));
        at = end + 1;
      }
      state.rest = Buffer.from(bytes.subarray(at));
      return withinLimit(parts);
    },
    reset: () => {
      state.rest = Buffer.alloc(0);
    },
  };
}
