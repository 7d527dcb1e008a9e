// The time by which freed addresses rest: told across restarts like the wall clock, and not moved when somebody sets that one.
import type { Clock } from '../base/clock.ts';
import type { AddressBook } from './address-book.ts';

/** Milliseconds since 1970 as the wall clock said when this was called, carried on by the clock that never jumps. */
export function createRestClock(clock: Pick<Clock, 'now' | 'monotonicMs'>): () => number {
  const offsetMs = clock.now().getTime() - clock.monotonicMs();
  return () => clock.monotonicMs() + offsetMs;
}

/**
 * For a book that an earlier run left: a time that is ahead was written by a clock that has been set back since. Nobody knows how long that address
 * has rested, so it rests from now on.
 */
export function restsFromNow(book: AddressBook, nowMs: number): AddressBook {
  const ahead = Object.entries(book.freedAt).filter(([, freedMs]) => freedMs > nowMs);
  if (ahead.length === 0) return book;
  return { ...book, freedAt: { ...book.freedAt, ...Object.fromEntries(ahead.map(([ip]) => [ip, nowMs])) } };
}
