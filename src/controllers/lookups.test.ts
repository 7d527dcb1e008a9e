// The small caches in front of the cloud: few reads, shared, never a wrong answer for long.
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import type { Instance, Subnet } from '../cloud/vpc-cloud.ts';
import { createInstanceLookup } from './instance-lookup.ts';
import { createGroupLookup } from './security-group-policy/status/group-lookup.ts';
import { createSubEniPermission } from './sub-eni-permission.ts';
import { createSubnetCache } from './subnet-cache.ts';

const never = new AbortController().signal;
const subnet = (subnetId: string, availableIpCount: number): Subnet => ({
  subnetId,
  vpcId: 'vpc-12345678',
  zone: 'z',
  cidr: '10.0.0.0/24',
  availableIpCount,
});

describe('the subnet cache', () => {
  const start = (free = 5) => {
    const clock = createFakeClock();
    const reads: (readonly string[])[] = [];
    const describeSubnets = (ids: readonly string[]) => {
      reads.push(ids);
      return Promise.resolve(ids.map((id) => subnet(id, free)));
    };
    return { clock, reads, cache: createSubnetCache({ describeSubnets }, clock) };
  };

  it('reads once for callers at the same time, and again in the background when the answer is old', async () => {
    const { clock, reads, cache } = start();
    await Promise.all([cache.get(['a'], never), cache.get(['a'], never)]);
    expect(reads).toHaveLength(1);
    await clock.advance(61_000);
    await cache.get(['a'], never);
    expect(reads).toHaveLength(2);
  });

  it('counts what was taken since the last read, but never declares a subnet dry by itself', async () => {
    const { cache } = start(2);
    await cache.get(['a'], never);
    cache.taken('a');
    expect((await cache.get(['a'], never))[0]?.availableIpCount).toBe(1);
    for (let times = 0; times < 5; times += 1) cache.taken('a');
    expect((await cache.get(['a'], never))[0]?.availableIpCount).toBe(1);
  });

  it('finds a subnet without another read when any listing has it', async () => {
    const { reads, cache } = start();
    await cache.get(['a', 'b'], never);
    expect((await cache.find('b', never)).subnetId).toBe('b');
    expect(reads).toHaveLength(1);
  });

  it('lets a dry subnet rest for a minute', async () => {
    const { clock, cache } = start();
    cache.rest('a');
    expect([...cache.resting()]).toEqual(['a']);
    await clock.advance(60_000);
    expect([...cache.resting()]).toEqual([]);
  });
});

describe('the instance lookup', () => {
  const instance = (instanceId: string) => ({ instanceId }) as Instance;

  it('gathers what is asked while a describe is under way, so that ids that come one by one cost few', async () => {
    const clock = createFakeClock();
    const asked: (readonly string[])[] = [];
    const describeInstances = async ({ instanceIds = [] }: { readonly instanceIds?: readonly string[] }) => {
      asked.push(instanceIds);
      await new Promise<void>((resolve) => clock.after(100, resolve));
      return instanceIds.map(instance);
    };
    const lookup = createInstanceLookup({ describeInstances }, clock);
    const answers: Promise<Instance | undefined>[] = [];
    for (let n = 0; n < 10; n += 1) {
      answers.push(lookup.get(`ins-${n}`, 1000));
      await clock.advance(5);
    }
    await clock.advance(200);
    expect((await Promise.all(answers)).map((each) => each?.instanceId)).toContain('ins-9');
    expect(asked.map((ids) => ids.length)).toEqual([1, 9]);
  });

  it('asks for many ids in one call and remembers the answers', async () => {
    const clock = createFakeClock();
    const asked: (readonly string[])[] = [];
    const describeInstances = ({ instanceIds = [] }: { readonly instanceIds?: readonly string[] }) => {
      asked.push(instanceIds);
      return Promise.resolve(instanceIds.filter((id) => id !== 'ins-gone').map(instance));
    };
    const lookup = createInstanceLookup({ describeInstances }, clock);
    const answers = Promise.all(['ins-a', 'ins-b', 'ins-gone'].map((id) => lookup.get(id, 1000)));
    await clock.advance(5);
    expect((await answers).map((each) => each?.instanceId)).toEqual(['ins-a', 'ins-b', undefined]);
    await lookup.get('ins-a', 1000);
    expect(asked).toEqual([['ins-a', 'ins-b', 'ins-gone']]);
  });

  it('forgets a failure, so that the next caller asks again', async () => {
    const clock = createFakeClock();
    let fails = true;
    const describeInstances = () => (fails ? Promise.reject(new Error('no answer')) : Promise.resolve([instance('i')]));
    const lookup = createInstanceLookup({ describeInstances }, clock);
    const first = expect(lookup.get('i', 1000)).rejects.toThrow('no answer');
    await clock.advance(5);
    await first;
    fails = false;
    const second = lookup.get('i', 1000);
    await clock.advance(5);
    expect(await second).toEqual({ instanceId: 'i' });
  });
});

describe('the group lookup', () => {
  it('believes a group it found for minutes and asks for a missing one again soon', async () => {
    const clock = createFakeClock();
    const asked: (readonly string[])[] = [];
    const describeSecurityGroups = (ids: readonly string[]) => {
      asked.push(ids);
      return Promise.resolve(ids.filter((id) => id !== 'sg-none').map((id) => ({ securityGroupId: id, name: '' })));
    };
    const lookup = createGroupLookup({ describeSecurityGroups }, clock, 300_000);
    expect([...(await lookup.get(['sg-a', 'sg-none'], never)).keys()]).toEqual(['sg-a']);
    await clock.advance(11_000);
    await lookup.get(['sg-a', 'sg-none'], never);
    expect(asked).toEqual([['sg-a', 'sg-none'], ['sg-none']]);
  });

  it('asks along in one call what is about to be too old', async () => {
    const clock = createFakeClock();
    const asked: (readonly string[])[] = [];
    const describeSecurityGroups = (ids: readonly string[]) => {
      asked.push(ids);
      return Promise.resolve(ids.map((id) => ({ securityGroupId: id, name: '' })));
    };
    const lookup = createGroupLookup({ describeSecurityGroups }, clock, 300_000);
    for (const id of ['sg-a', 'sg-b', 'sg-c']) await lookup.get([id], never);
    await clock.advance(301_000);
    for (const id of ['sg-a', 'sg-b', 'sg-c']) await lookup.get([id], never);
    expect(asked.slice(3)).toEqual([['sg-a', 'sg-b', 'sg-c']]);
  });
});

describe('the permission of the account', () => {
  it('is asked again only after ten minutes, and both changes are told', async () => {
    const clock = createFakeClock();
    const permission = createSubEniPermission(clock);
    let told = 0;
    permission.onChange(() => {
      told += 1;
    });
    permission.refused('no such action');
    permission.refused('no such action');
    expect([permission.refusal(), told]).toEqual(['no such action', 1]);
    await clock.advance(599_999);
    expect(permission.refusal()).toBe('no such action');
    await clock.advance(1);
    expect(permission.refusal()).toBeUndefined();
    expect(told).toBeGreaterThanOrEqual(2);
  });
});
