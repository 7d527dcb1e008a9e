// Orphan planning: what is a candidate, when it is deleted, and that doubt never deletes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CloudEniFacts, isOrphan, type OrphanInput, planOrphans, rememberSightings } from './orphans.ts';

const sub = (eniId: string, owner: string | undefined = `sub-${eniId}`): CloudEniFacts => ({
  eniId,
  kind: 'sub',
  attached: false,
  owner,
  ownerUid: owner === undefined ? undefined : `uid-${owner}`,
});

const SPACING = 600_000;

const plan = (input: Partial<OrphanInput>) =>
  planOrphans({ ours: [], owners: new Map(), seenSince: new Map(), nowMs: SPACING, spacingMs: SPACING, ...input });

const ownersOf = (enis: readonly CloudEniFacts[]) =>
  new Map(enis.map((eni) => [eni.owner ?? '', { uid: eni.ownerUid ?? '', eniId: eni.eniId }]));

describe('planOrphans', () => {
  it('keeps an ENI whose owner records it', () => {
    const ours = [sub('eni-1')];
    expect(plan({ ours, owners: ownersOf(ours) })).toEqual({ kind: 'collect', candidates: [], delete: [] });
  });

  it('keeps an ENI whose owner records none yet', () => {
    const owners = new Map([['sub-eni-1', { uid: 'uid-sub-eni-1', eniId: undefined }]]);
    expect(plan({ ours: [sub('eni-1')], owners })).toMatchObject({ candidates: [] });
  });

  it('names an ENI whose owner was made anew under the same name', () => {
    const owners = new Map([['sub-eni-1', { uid: 'another', eniId: undefined }]]);
    expect(plan({ ours: [sub('eni-1')], owners })).toMatchObject({ candidates: ['eni-1'] });
  });

  it('names the second ENI of an owner that records the first', () => {
    const first = sub('eni-1', 'sub-a');
    expect(plan({ ours: [first, sub('eni-2', 'sub-a')], owners: ownersOf([first]) })).toMatchObject({
      candidates: ['eni-2'],
    });
  });

  it('never names an ENI without owner tags, or a primary one', () => {
    const bare = { ...sub('eni-1'), owner: undefined };
    expect(plan({ ours: [bare, { ...sub('eni-2'), kind: 'primary' }] })).toMatchObject({ candidates: [] });
  });

  it('deletes only what an earlier listing, ten minutes ago, found as well', () => {
    const ours = [sub('eni-1')];
    expect(plan({ ours })).toMatchObject({ candidates: ['eni-1'], delete: [] });
    expect(plan({ ours, seenSince: new Map([['eni-1', 1]]) })).toMatchObject({ delete: [] });
    expect(plan({ ours, seenSince: new Map([['eni-1', 0]]) })).toMatchObject({ delete: [{ eniId: 'eni-1' }] });
  });

  it('leaves a trunk that is attached, and deletes one that is not', () => {
    const trunk = (attached: boolean): CloudEniFacts => ({ ...sub('eni-1', 'trunk-n'), kind: 'secondary', attached });
    const seenSince = new Map([['eni-1', 0]]);
    expect(plan({ ours: [trunk(true)], seenSince })).toMatchObject({ candidates: ['eni-1'], delete: [] });
    expect(plan({ ours: [trunk(false)], seenSince })).toMatchObject({ delete: [{ eniId: 'eni-1' }] });
  });

  it.each([
    { ours: 10, orphans: 2, kind: 'stop' },
    { ours: 100, orphans: 5, kind: 'collect' },
    { ours: 100, orphans: 6, kind: 'stop' },
    { ours: 1000, orphans: 20, kind: 'collect' },
    { ours: 1000, orphans: 21, kind: 'stop' },
  ])('answers $kind for $orphans of $ours', ({ ours, orphans, kind }) => {
    const all = Array.from({ length: ours }, (_, index) => sub(`eni-${index}`));
    expect(plan({ ours: all, owners: ownersOf(all.slice(orphans)) })).toMatchObject({ kind });
  });

  const eniArb = fc.record({
    eniId: fc.integer({ min: 0, max: 30 }).map((n) => `eni-${n}`),
    kind: fc.constantFrom('primary', 'secondary', 'sub'),
    attached: fc.boolean(),
    owner: fc.option(
      fc.integer({ min: 0, max: 10 }).map((n) => `sub-${n}`),
      { nil: undefined },
    ),
    ownerUid: fc.option(fc.constantFrom('u1', 'u2'), { nil: undefined }),
  }) satisfies fc.Arbitrary<CloudEniFacts>;
  const inputArb = fc.record({
    ours: fc.uniqueArray(eniArb, { selector: (eni) => eni.eniId, maxLength: 30 }),
    owners: fc
      .array(
        fc.tuple(
          fc.integer({ min: 0, max: 10 }).map((n) => `sub-${n}`),
          fc.record({
            uid: fc.constantFrom('u1', 'u2'),
            eniId: fc.option(
              fc.integer({ min: 0, max: 30 }).map((n) => `eni-${n}`),
              { nil: undefined },
            ),
          }),
        ),
      )
      .map((entries) => new Map(entries)),
    seenSince: fc
      .array(
        fc.tuple(
          fc.integer({ min: 0, max: 30 }).map((n) => `eni-${n}`),
          fc.integer({ min: 0, max: 2_000_000 }),
        ),
      )
      .map((entries) => new Map(entries)),
    nowMs: fc.integer({ min: 0, max: 2_000_000 }),
    spacingMs: fc.constant(SPACING),
  });

  it('never deletes in doubt, whatever it is told', () => {
    fc.assert(
      fc.property(inputArb, (input) => {
        const result = planOrphans(input);
        if (result.kind === 'stop') return;
        for (const eni of result.delete) {
          const owner = input.owners.get(eni.owner ?? '');
          expect(isOrphan(eni, owner)).toBe(true);
          expect(owner?.uid === eni.ownerUid && (owner?.eniId === undefined || owner.eniId === eni.eniId)).toBe(false);
          expect(input.nowMs - (input.seenSince.get(eni.eniId) ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(
            SPACING,
          );
          expect(eni.kind === 'sub' || !eni.attached).toBe(true);
        }
        expect(result.delete.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});

describe('rememberSightings', () => {
  it('keeps the first sighting of what is still a candidate and forgets the rest', () => {
    const seen = rememberSightings(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      ['b', 'c'],
      9,
    );
    expect([...seen]).toEqual([
      ['b', 2],
      ['c', 9],
    ]);
  });
});
