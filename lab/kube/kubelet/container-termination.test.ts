// How a run is asked to end: hook, signal, kill.
import { expect, it } from 'vitest';

import { createFakeClock } from '../../../test/fake-clock.ts';
import { createTermination } from './container-termination.ts';

function ending(hook?: Promise<void>) {
  const clock = createFakeClock();
  const stops: string[] = [];
  const run = {
    stop: (graceMs: number) => void stops.push(`at ${clock.monotonicMs()} within ${graceMs}`),
    ended: new Promise<never>(() => undefined),
  };
  const begun: number[] = [];
  const preStop =
    hook &&
    ((timeoutMs: number) => {
      begun.push(timeoutMs);
      return hook;
    });
  return { clock, stops, begun, termination: createTermination(clock, run, preStop) };
}

it('signals at once without a hook', () => {
  const { stops, termination } = ending();
  termination.within(30_000);
  expect(stops).toEqual(['at 0 within 30000']);
});

it('signals after the hook, with what is left of the grace', async () => {
  const hook = Promise.withResolvers<void>();
  const { clock, stops, termination } = ending(hook.promise);
  termination.within(30_000);
  await clock.advance(10_000);
  expect(stops).toEqual([]);
  hook.resolve();
  await clock.settle();
  expect(stops).toEqual(['at 10000 within 20000']);
});

it('cuts a hook off when the grace is over, and still leaves the program two seconds', async () => {
  const { clock, stops, termination } = ending(new Promise(() => undefined));
  termination.within(5_000);
  await clock.advance(5_000);
  expect(stops).toEqual(['at 5000 within 2000']);
});

it('runs a hook once and lets a later call only shorten the time', async () => {
  const { clock, stops, begun, termination } = ending(new Promise(() => undefined));
  termination.within(30_000);
  termination.within(60_000);
  await clock.advance(1_000);
  termination.within(3_000);
  await clock.advance(3_000);
  expect(begun).toEqual([30_000]);
  expect(stops).toEqual(['at 4000 within 2000']);
});
