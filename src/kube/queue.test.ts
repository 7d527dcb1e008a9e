// The work queue: one key, one pair of hands, nothing lost.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import { createWorkQueue, type WorkQueue } from './queue.ts';

const newQueue = (random: () => number = () => 0) => {
  const clock = createFakeClock();
  return { clock, queue: createWorkQueue({ clock, random }) };
};
/** What can be taken right now, in order; each is done at once. */
async function drain(queue: WorkQueue): Promise<string[]> {
  const taken: string[] = [];
  while (queue.length > 0) {
    const key = (await queue.take()) ?? '';
    taken.push(key);
    queue.done(key);
  }
  return taken;
}

describe('work queue', () => {
  it('gives keys in the order of their arrival, each once', async () => {
    const { queue } = newQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect(queue.length).toBe(3);
    expect(await drain(queue)).toEqual(['a', 'b', 'c']);
  });

  it('hands a key to whoever waited longest', async () => {
    const { queue } = newQueue();
    const first = queue.take();
    const second = queue.take();
    queue.add('a');
    queue.add('b');
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });

  it('gives what waits without a promise, and nothing when nothing waits', async () => {
    const { queue } = newQueue();
    expect(queue.poll()).toBeUndefined();
    queue.add('a');
    queue.add('b');
    expect([queue.poll(), await queue.take(), queue.poll()]).toEqual(['a', 'b', undefined]);
    queue.add('a');
    expect(queue.poll()).toBeUndefined();
    queue.done('a');
    expect(queue.poll()).toBe('a');
  });

  it('tells when there is room again, and when there will never be any more to wait for', async () => {
    const { queue, clock } = newQueue();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    expect(queue.room(4)).toBeUndefined();
    let rooms = 0;
    const waits = queue.room(2)?.then(() => (rooms += 1));
    queue.poll();
    await clock.settle();
    expect(rooms).toBe(0);
    queue.poll();
    await waits;
    expect(rooms).toBe(1);
    const last = queue.room(1);
    queue.shutdown();
    await last;
    expect(queue.room(1)).toBeUndefined();
  });

  it('queues a key that arrives while it is processed once more, after it is done', async () => {
    const { queue, clock } = newQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    const next = queue.take();
    await clock.settle();
    expect(await Promise.race([next, Promise.resolve('nobody')])).toBe('nobody');
    queue.done('a');
    expect(await next).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  it('gives live keys before those of the initial list', async () => {
    const { queue } = newQueue();
    for (const key of ['i1', 'i2', 'i3']) queue.add(key, 'initial');
    queue.add('live');
    expect(await drain(queue)).toEqual(['live', 'i1', 'i2', 'i3']);
  });

  it('raises a waiting key to live, never lowers it, and still gives it once', async () => {
    const { queue } = newQueue();
    for (const key of ['i1', 'i2']) queue.add(key, 'initial');
    queue.add('i2');
    queue.add('i2', 'initial');
    expect(await drain(queue)).toEqual(['i2', 'i1']);
  });

  it('keeps the earliest of several delays of a key', async () => {
    const { queue, clock } = newQueue();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(49);
    expect(queue.length).toBe(0);
    await clock.advance(1);
    expect(await drain(queue)).toEqual(['a']);
    await clock.advance(1000);
    expect(queue.length).toBe(0);
  });

  it('takes a delay of zero for now', () => {
    const { queue } = newQueue();
    queue.addAfter('a', 0);
    expect(queue.length).toBe(1);
  });

  it("does not turn a delay beyond the runtime's longest timer into none", async () => {
    const delays: number[] = [];
    const clock = {
      ...createFakeClock(),
      after: (ms: number) => {
        delays.push(ms);
        return () => undefined;
      },
    };
    createWorkQueue({ clock }).addAfter('a', 2 ** 40);
    expect(delays).toEqual([2_147_483_647]);
  });

  it('backs off per key: 5 ms doubling to 1000 s, of which the upper half is random', async () => {
    const dues = async (random: number): Promise<number[]> => {
      const { queue, clock } = newQueue(() => random);
      const delays: number[] = [];
      for (let i = 0; i < 20; i++) {
        const before = clock.monotonicMs();
        queue.addRateLimited('a');
        const taken = queue.take().then(() => clock.monotonicMs() - before);
        await clock.advance(1_000_000);
        delays.push(await taken);
        queue.done('a');
      }
      return delays;
    };
    const low = await dues(0);
    const high = await dues(1);
    expect(low.slice(0, 4)).toEqual([2.5, 5, 10, 20]);
    expect(high.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect([low.at(-1), high.at(-1)]).toEqual([500_000, 1_000_000]);
  });

  it('forgets the failures of a key, and only of that key', () => {
    const { queue } = newQueue();
    for (let i = 0; i < 3; i++) queue.addRateLimited('a');
    queue.addRateLimited('b');
    expect([queue.failures('a'), queue.failures('b')]).toEqual([3, 1]);
    queue.forget('a');
    expect([queue.failures('a'), queue.failures('b')]).toEqual([0, 1]);
  });

  it('drains at shutdown: what waits is given, what is delayed or new is not, then everyone hears the end', async () => {
    const { queue, clock } = newQueue();
    queue.add('a');
    queue.addAfter('later', 10);
    queue.shutdown();
    queue.add('b');
    queue.addAfter('c', 0);
    expect(clock.pendingTimers).toBe(0);
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['a', undefined, undefined]);
  });

  it('wakes those who wait at shutdown', async () => {
    const { queue } = newQueue();
    const waiting = [queue.take(), queue.take()];
    queue.shutdown();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  });

  it('takes a hundred thousand keys without moving the rest each time', async () => {
    const { queue } = newQueue();
    for (let i = 0; i < 100_000; i++) queue.add(`k${i}`);
    const taken = await drain(queue);
    expect([taken.length, taken[0], taken.at(-1)]).toEqual([100_000, 'k0', 'k99999']);
  });
});

type Step =
  | {
      readonly do: 'add' | 'initial' | 'after' | 'limited' | 'done' | 'take';
      readonly key: string;
      readonly ms: number;
    }
  | { readonly do: 'advance'; readonly ms: number };
const keys = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom(
      'add' as const,
      'initial' as const,
      'after' as const,
      'limited' as const,
      'done' as const,
      'take' as const,
    ),
    key: keys,
    ms: fc.integer({ min: 0, max: 50 }),
  }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 60 }) }),
);

describe('work queue, whatever happens in whatever order', () => {
  it('never gives a key to two hands, and gives every key again that was asked for since it was last taken', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { queue, clock } = newQueue();
        const inHand = new Set<string>();
        const owed = new Set<string>();
        const take = async (): Promise<void> => {
          const key = (await queue.take()) ?? '';
          expect(inHand.has(key)).toBe(false);
          inHand.add(key);
          owed.delete(key);
        };
        for (const action of steps) {
          if (action.do === 'advance') await clock.advance(action.ms);
          else if (action.do === 'take') {
            if (queue.length > 0) await take();
          } else if (action.do === 'done') {
            if (inHand.delete(action.key)) queue.done(action.key);
          } else {
            owed.add(action.key);
            if (action.do === 'after') queue.addAfter(action.key, action.ms);
            else if (action.do === 'limited') queue.addRateLimited(action.key);
            else queue.add(action.key, action.do === 'add' ? 'live' : 'initial');
          }
          expect(queue.length).toBeLessThanOrEqual(3);
        }
        await clock.advance(2_000_000);
        for (const key of inHand) queue.done(key);
        inHand.clear();
        while (queue.length > 0) await take();
        expect([...owed]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
