// The log level of the lab itself, as its commands take it.
import type { LogLevel } from '../../src/base/logger.ts';

const levels = ['silent', 'error', 'warn', 'info', 'debug'] as const satisfies readonly LogLevel[];

/** The level, or what is wrong with the text. */
export function logLevelOf(text: string): LogLevel | { readonly problem: string } {
  return (
    levels.find((level) => level === text) ?? {
      problem: `option --log-level=${text}: expected one of ${levels.join(', ')}`,
    }
  );
}
