// The next step of a claim's EIP: its table, and properties of every way through it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EipFacts, type EipPlace, type ObservedEip, planEip, samePlace } from './eip-plan.ts';

const here: EipPlace = { eniId: 'eni-1', privateIp: '10.0.0.1' };
const former: EipPlace = { eniId: 'eni-2', privateIp: '10.0.0.2' };
const step = (change: Partial<EipFacts>) =>
  planEip({
    wanted: 'serve',
    created: true,
    observed: { state: 'free' },
    target: here,
    recorded: undefined,
    recordedForPod: false,
    ...change,
  });
const bound = (place: EipPlace | undefined): ObservedEip => ({ state: 'bound', place });

describe('an EIP whose Pod lives', () => {
  it('is bound to the address once that is known', () => {
    expect(step({})).toEqual({ kind: 'associate', place: here });
    expect(step({ target: undefined })).toEqual({ kind: 'wait-for-address' });
    expect(step({ observed: bound(here) })).toEqual({ kind: 'rest' });
  });

  it('leaves the place of the former Pod before the address of the new one is known', () => {
    const facts = { observed: bound(former), recorded: former };
    expect(step({ ...facts, target: undefined })).toEqual({ kind: 'disassociate' });
    expect(step({ ...facts, target: undefined, recordedForPod: true })).toEqual({ kind: 'rest' });
    expect(step(facts)).toEqual({ kind: 'disassociate' });
  });

  it('is looked at again while the cloud works on it, and told when the cloud has lost it', () => {
    expect(step({ observed: { state: 'busy' } })).toEqual({ kind: 'look-again' });
    expect(step({ observed: undefined })).toEqual({ kind: 'missing' });
  });

  it('is left where somebody else bound it when it was designated', () => {
    expect(step({ created: false, observed: bound(former) })).toEqual({ kind: 'foreign' });
    expect(step({ created: false, observed: bound(undefined) })).toEqual({ kind: 'foreign' });
  });
});

describe('an EIP without a Pod', () => {
  it('is unbound and kept, or unbound and released', () => {
    const facts = { observed: bound(former), recorded: former, target: undefined };
    expect(step({ ...facts, wanted: 'keep' })).toEqual({ kind: 'disassociate' });
    expect(step({ ...facts, wanted: 'keep', observed: { state: 'free' } })).toEqual({ kind: 'rest' });
    expect(step({ ...facts, wanted: 'release', observed: { state: 'free' } })).toEqual({ kind: 'release' });
    expect(step({ ...facts, wanted: 'release', observed: undefined })).toEqual({ kind: 'given-up' });
  });

  it('is only unbound when it was designated, and not from where the claim did not bind it', () => {
    const facts = { created: false, wanted: 'release' as const, target: undefined };
    expect(step({ ...facts, observed: bound(former), recorded: former })).toEqual({ kind: 'disassociate' });
    expect(step({ ...facts, observed: bound(former), recorded: here })).toEqual({ kind: 'given-up' });
    expect(step({ ...facts, observed: { state: 'free' } })).toEqual({ kind: 'given-up' });
  });
});

const places = fc.constantFrom(undefined, here, former);
const facts: fc.Arbitrary<EipFacts> = fc.record({
  wanted: fc.constantFrom('serve', 'keep', 'release'),
  created: fc.boolean(),
  observed: fc.oneof(
    fc.constantFrom<ObservedEip | undefined>(undefined, { state: 'busy' }, { state: 'free' }),
    places.map(bound),
  ),
  target: places,
  recorded: places,
  recordedForPod: fc.boolean(),
});

describe('whatever is the case', () => {
  it('only what was bought for the claim is released, and never while it is bound', () => {
    fc.assert(
      fc.property(facts, (given) => {
        if (planEip(given).kind !== 'release') return;
        expect(given).toMatchObject({ created: true, wanted: 'release', observed: { state: 'free' } });
      }),
    );
  });

  it('nothing designated is unbound from a place that the claim does not record', () => {
    fc.assert(
      fc.property(facts, (given) => {
        if (planEip(given).kind !== 'disassociate' || given.created) return;
        expect(given.observed?.state === 'bound' && samePlace(given.observed.place, given.recorded)).toBe(true);
      }),
    );
  });

  it('carrying the steps out comes to rest within three calls', () => {
    fc.assert(
      fc.property(facts, (given) => {
        let now: EipFacts = given;
        let calls = 0;
        for (;;) {
          const next = planEip(now);
          if (next.kind === 'look-again') now = { ...now, observed: { state: 'free' } };
          else if (next.kind === 'associate') now = { ...now, observed: bound(next.place), recorded: next.place };
          else if (next.kind === 'disassociate') now = { ...now, observed: { state: 'free' } };
          else if (next.kind === 'release') now = { ...now, observed: undefined };
          else break;
          calls += next.kind === 'look-again' ? 0 : 1;
          expect(calls).toBeLessThanOrEqual(3);
        }
        if (now.wanted === 'serve' && now.target !== undefined && planEip(now).kind === 'rest')
          expect(now.observed).toEqual(bound(now.target));
      }),
    );
  });
});
