// The order in which Pods are tried, and when those that failed are tried again.
import { expect, it } from 'vitest';

import { createFakeClock } from '../../../test/fake-clock.ts';
import { createSchedulingQueue } from './scheduling-queue.ts';

const setUp = () => {
  const clock = createFakeClock();
  return { clock, queue: createSchedulingQueue({ clock, initialBackoffMs: 1_000, maxBackoffMs: 10_000 }) };
};
const pod = (key: string, priority = 0) => ({ key, priority });

it('gives the most important first, equals in the order of arrival', async () => {
  const { queue } = setUp();
  for (const each of [pod('a'), pod('high', 10), pod('b'), pod('higher', 20)]) queue.add(each);
  const order = [await queue.take(), await queue.take(), await queue.take(), await queue.take()];
  expect(order).toEqual(['higher', 'high', 'a', 'b']);
});

it('tries a Pod that did not fit only after something changed, and not before its back-off, which doubles up to ten seconds', async () => {
  const { clock, queue } = setUp();
  queue.add(pod('a'));
  expect(await queue.take()).toBe('a');
  const waits: number[] = [];
  for (let round = 0; round < 6; round += 1) {
    queue.unschedulable(pod('a'));
    const failedAt = clock.monotonicMs();
    const next = queue.take().then(() => waits.push(clock.monotonicMs() - failedAt));
    queue.wake();
    await clock.advance(20_000);
    await next;
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  queue.unschedulable(pod('a'));
  let woken = false;
  const next = queue.take().then(() => (woken = true));
  await clock.advance(60_000);
  expect(woken).toBe(false);
  queue.wake();
  await next;
});

it('does not miss a change that happens while the Pod is being tried', async () => {
  const { clock, queue } = setUp();
  queue.add(pod('a'));
  await queue.take();
  queue.wake();
  queue.unschedulable(pod('a'));
  const next = queue.take();
  await clock.advance(1_000);
  expect(await next).toBe('a');
});

it('tries a Pod that nothing woke again after five minutes', async () => {
  const { clock, queue } = setUp();
  queue.add(pod('a'));
  await queue.take();
  queue.unschedulable(pod('a'));
  const next = queue.take();
  await clock.advance(5 * 60_000);
  expect(await next).toBe('a');
});

it('forgets a Pod that is gone, and ends those who wait when it is closed', async () => {
  const { queue } = setUp();
  queue.add(pod('a'));
  queue.remove('a');
  const next = queue.take();
  queue.close();
  expect(await next).toBeUndefined();
});
