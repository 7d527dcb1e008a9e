// For tests: a log that is kept, and one-shot waits on things that happen.
import type { Logger } from '../../base/logger.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: object;
}

/** A logger that keeps its lines; children write to the same list. */
export function createLogCollector(): { readonly logger: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level'], base: object) =>
    (fields: object, message: string): void =>
      void lines.push({ level, message, fields: { ...base, ...fields } });
  const make = (base: object): Logger => ({
    debug: at('debug', base),
    info: at('info', base),
    warn: at('warn', base),
    error: at('error', base),
    child: (fields) => make({ ...base, ...fields }),
  });
  return { logger: make({}), lines };
}
