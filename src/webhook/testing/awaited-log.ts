// For tests: a log that can be waited on.
import type { Logger } from '../../base/logger.ts';

export interface AwaitedLog {
  readonly logger: Logger;
  /** Resolves once the message has been logged `times` times. */
  seen(message: string, times?: number): Promise<void>;
}

/** Counts messages of all levels and of all children. */
export function createAwaitedLog(): AwaitedLog {
  const counts = new Map<string, number>();
  const waiting = new Set<() => void>();
  const note = (_fields: object, message: string): void => {
    counts.set(message, (counts.get(message) ?? 0) + 1);
    for (const look of waiting) look();
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  return {
    logger,
    seen: (message, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if ((counts.get(message) ?? 0) < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
