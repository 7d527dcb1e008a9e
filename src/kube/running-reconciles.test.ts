// The reconciles that run: each has its own deadline, though one timer waits for all of them.
import { beforeEach, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { createRunningReconciles, type RunningReconciles } from './running-reconciles.ts';
import { createLogCollector } from './testing/collect.ts';

let clock: FakeClock;
let log: ReturnType<typeof createLogCollector>;
let stop: AbortController;
let running: RunningReconciles;

beforeEach(() => {
  clock = createFakeClock();
  log = createLogCollector();
  stop = new AbortController();
  running = createRunningReconciles({ clock, logger: log.logger, deadlineMs: 1_000, signal: stop.signal });
});

it('aborts each at its own deadline, and says which', async () => {
  const first = running.begin('a');
  const { signal } = first;
  await clock.advance(400);
  const second = running.begin('b').signal;
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(599);
  expect([signal.aborted, second.aborted]).toEqual([false, false]);
  await clock.advance(1);
  expect([signal.aborted, second.aborted]).toEqual([true, false]);
  await clock.advance(400);
  expect(second.aborted).toBe(true);
  expect(String(signal.reason)).toContain('longer than 1000 ms');
  expect(log.lines.map(({ fields }) => fields)).toEqual([
    { key: 'a', reconcileID: 1, deadlineMs: 1_000 },
    { key: 'b', reconcileID: 2, deadlineMs: 1_000 },
  ]);
});

it('leaves those alone that have ended, and goes on with those that began after them', async () => {
  const ended = running.begin('a');
  const { signal } = ended;
  ended.end();
  await clock.advance(500);
  const second = running.begin('b').signal;
  await clock.advance(999);
  expect([signal.aborted, second.aborted]).toEqual([false, false]);
  await clock.advance(1);
  expect([signal.aborted, second.aborted]).toEqual([false, true]);
  expect(clock.pendingTimers).toBe(0);
});

it('gives an aborted signal to whoever asks for it too late', async () => {
  const late = running.begin('a');
  await clock.advance(1_000);
  expect(late.signal.aborted).toBe(true);
  stop.abort(new Error('bye'));
  expect(running.begin('b').signal.reason).toEqual(new Error('bye'));
});

it('aborts what runs when the controller stops, with its reason, and waits for no deadline any more', () => {
  const asked = running.begin('a').signal;
  const ended = running.begin('b');
  const { signal } = ended;
  ended.end();
  stop.abort(new Error('bye'));
  running.stop();
  expect(asked.reason).toEqual(new Error('bye'));
  expect(signal.aborted).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});
