import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/fake-clock.ts';
import type { CallPriority, Eni, VpcCloud } from '../cloud/vpc-cloud.ts';
import { createEniObservations } from './eni-observations.ts';

const eni = (eniId: string, ...securityGroups: string[]): Eni => ({
  eniId,
  name: '',
  kind: 'secondary',
  state: 'AVAILABLE',
  vpcId: 'vpc-12345678',
  subnetId: 'subnet-12345678',
  mac: '20:90:6f:00:00:01',
  addresses: [],
  securityGroups,
  tags: [],
});

function start() {
  const clock = createFakeClock();
  const bound = new Map<string, readonly string[]>();
  const reads: { readonly ids: readonly string[]; readonly priority: CallPriority | undefined }[] = [];
  let failure: Error | undefined;
  const describeEnis: VpcCloud['describeEnis'] = async ({ eniIds = [] }, call) => {
    reads.push({ ids: eniIds, priority: call?.priority });
    if (failure !== undefined) throw failure;
    return Promise.resolve(eniIds.flatMap((id) => (bound.has(id) ? [eni(id, ...(bound.get(id) ?? []))] : [])));
  };
  const observations = createEniObservations({ describeEnis }, clock);
  const changed: string[] = [];
  observations.onChange((eniId) => changed.push(eniId));
  const fail = (error: Error | undefined): void => {
    failure = error;
  };
  return { clock, bound, reads, observations, changed, fail };
}

describe('looks at ENIs', () => {
  it('that are asked for in one moment are one describe, at the most urgent priority', async () => {
    const { clock, bound, reads, observations } = start();
    bound.set('eni-a', ['sg-1']);
    const looks = [
      observations.look('eni-a', 'collect'),
      observations.look('eni-b', 'release'),
      observations.look('eni-a', 'warm'),
    ];
    await clock.advance(10);
    const [first, second, third] = await Promise.all(looks);
    expect(reads).toEqual([{ ids: ['eni-a', 'eni-b'], priority: 'release' }]);
    expect([first?.eniId, second, third?.eniId]).toEqual(['eni-a', undefined, 'eni-a']);
  });

  it('of a thousand are ten describes', async () => {
    const { clock, reads, observations } = start();
    const looks = Array.from({ length: 1000 }, (_, index) => observations.look(`eni-${index}`, 'warm'));
    await clock.advance(10);
    await Promise.all(looks);
    expect(reads.map((read) => read.ids.length)).toEqual(Array.from({ length: 10 }, () => 100));
  });

  it('that fail are told to everyone who asked, and the next one asks again', async () => {
    const { clock, bound, observations, fail } = start();
    bound.set('eni-a', ['sg-1']);
    fail(new Error('no answer'));
    const looks = [observations.look('eni-a', 'warm'), observations.look('eni-b', 'warm')].map((each) =>
      each.catch((error: unknown) => String(error)),
    );
    await clock.advance(10);
    expect(await Promise.all(looks)).toEqual(['Error: no answer', 'Error: no answer']);
    fail(undefined);
    const again = observations.look('eni-a', 'warm');
    await clock.advance(10);
    expect((await again)?.securityGroups).toEqual(['sg-1']);
  });
});

describe('what was seen', () => {
  const seen = async (...groups: string[]) => {
    const world = start();
    world.bound.set('eni-a', groups);
    const look = world.observations.look('eni-a', 'warm');
    await world.clock.advance(10);
    await look;
    return world;
  };

  it('is unknown before the first look', () => {
    expect(start().observations.groups('eni-a')).toBeUndefined();
  });

  it('is told when a later listing shows other groups, or another order', async () => {
    const { clock, observations, changed } = await seen('sg-1', 'sg-2');
    observations.feed([{ eniId: 'eni-a', groups: ['sg-2', 'sg-1'] }], clock.monotonicMs());
    expect(changed).toEqual(['eni-a']);
    expect(observations.groups('eni-a')).toEqual(['sg-2', 'sg-1']);
  });

  it('is not told when nothing differs', async () => {
    const { clock, observations, changed } = await seen('sg-1');
    observations.feed([{ eniId: 'eni-a', groups: ['sg-1'] }], clock.monotonicMs());
    expect(changed).toEqual([]);
  });

  it('stays when the listing began before it was seen', async () => {
    const { observations, changed } = await seen('sg-1');
    observations.feed([{ eniId: 'eni-a', groups: [] }], 0);
    expect(changed).toEqual([]);
    expect(observations.groups('eni-a')).toEqual(['sg-1']);
  });

  it('of ENIs that nobody looked at is not kept', async () => {
    const { clock, observations } = await seen('sg-1');
    observations.feed([{ eniId: 'eni-sub', groups: ['sg-9'] }], clock.monotonicMs());
    expect(observations.groups('eni-sub')).toBeUndefined();
  });
});
