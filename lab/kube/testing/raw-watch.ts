// A watch as the bytes of its response tell it: one JSON event a line, handed out in order.
import type { IncomingMessage } from 'node:http';

export interface RawWatch<E> {
  /** The next event; rejects when the watch has ended, and after `limitMs`. */
  next(): Promise<E>;
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Takes the response of a watch that was answered 200. A line that is no JSON is a defect of the server and throws. */
export function rawWatch<E>(response: IncomingMessage, limitMs: number): RawWatch<E> {
  const events: E[] = [];
  const waiting: { resolve: (event: E) => void; reject: (error: Error) => void }[] = [];
  let rest = '';
  let over = false;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const event = JSON.parse(part) as E;
      const waiter = waiting.shift();
      if (waiter === undefined) events.push(event);
      else waiter.resolve(event);
    }
  });
  // Its end is what is told.
  response.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    response.on('close', () => {
      over = true;
      for (const waiter of waiting.splice(0)) waiter.reject(new Error('the watch ended'));
      resolve();
    });
  });
  return {
    ended,
    next() {
      const event = events.shift();
      if (event !== undefined) return Promise.resolve(event);
      if (over) return Promise.reject(new Error('the watch ended'));
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no watch event within ${limitMs} ms`)), limitMs);
        waiting.push({
          resolve: (value) => {
            clearTimeout(timer);
            resolve(value);
          },
          reject: (error) => {
            clearTimeout(timer);
            reject(error);
          },
        });
      });
    },
    close: () => void response.destroy(),
  };
}
