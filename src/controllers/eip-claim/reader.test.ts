// Reads of EIPs that come together go together, and each sees what is true from its own time on.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/fake-clock.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import { createEipReader } from './reader.ts';

const eip = (eipId: string): Eip => ({
  eipId,
  name: '',
  ip: '203.0.113.1',
  status: 'UNBIND',
  isp: 'BGP',
  blocked: false,
  tags: [],
  createdAt: '',
});

function setUp() {
  const clock = createFakeClock();
  const asked: (readonly string[])[] = [];
  const failures: Error[] = [];
  const reader = createEipReader(
    {
      describeEips: ({ eipIds = [] }) => {
        asked.push(eipIds);
        const failure = failures.shift();
        return failure === undefined
          ? Promise.resolve(eipIds.filter((id) => id !== 'absent').map(eip))
          : Promise.reject(failure);
      },
    },
    clock,
  );
  return { clock, asked, failures, reader };
}

describe('reads of EIPs', () => {
  it('of one turn are one describe, and one that does not exist is undefined', async () => {
    const { asked, reader } = setUp();
    const found = await Promise.all(['a', 'b', 'a', 'absent'].map((id) => reader.read(id)));
    expect(found.map((each) => each?.eipId)).toEqual(['a', 'b', 'a', undefined]);
    expect(asked).toEqual([['a', 'b', 'absent']]);
  });

  it('that follow wait for their turn, so that eight describes a second are the most', async () => {
    const { clock, asked, reader } = setUp();
    await reader.read('a');
    const [second, third] = [reader.read('a'), reader.read('b')];
    await clock.advance(100);
    expect(asked).toEqual([['a']]);
    await clock.advance(100);
    await Promise.all([second, third]);
    expect(asked).toEqual([['a'], ['a', 'b']]);
  });

  it('fail together, and are asked again by the next one', async () => {
    const { clock, failures, reader } = setUp();
    failures.push(new Error('no answer'));
    const results = await Promise.allSettled([reader.read('a'), reader.read('b')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = reader.read('a');
    await clock.advance(200);
    expect((await next)?.eipId).toBe('a');
  });
});
