// Drift between what is recorded and what the cloud lists.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { driftMessage, findDrift } from './drift.ts';

const recorded = (groups: string[]) => new Map([['sub-a', { eniId: 'eni-a', groups }]]);

describe('findDrift', () => {
  it('finds an ENI that the complete listing does not have', () => {
    expect(findDrift({ recorded: recorded(['sg-1']), listed: new Map() })).toEqual([
      { name: 'sub-a', kind: 'gone', eniId: 'eni-a' },
    ]);
  });

  it('takes another order of the same groups for drift, since order is priority', () => {
    const [found] = findDrift({ recorded: recorded(['sg-1', 'sg-2']), listed: new Map([['eni-a', ['sg-2', 'sg-1']]]) });
    expect(found).toMatchObject({ kind: 'groups', bound: ['sg-2', 'sg-1'], wanted: ['sg-1', 'sg-2'] });
  });

  it('finds nothing where the cloud has what was given, whatever else it lists', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string(), { maxLength: 5 }),
        fc.array(fc.tuple(fc.string(), fc.array(fc.string()))),
        (groups, others) => {
          const listed = new Map([...others, ['eni-a', groups] as const]);
          expect(findDrift({ recorded: recorded(groups), listed })).toEqual([{ name: 'sub-a', kind: 'none' }]);
        },
      ),
    );
  });
});

describe('driftMessage', () => {
  it('names the ENI, what is bound, what should be, and what to do', () => {
    expect(
      driftMessage({ name: 'x', kind: 'groups', eniId: 'eni-a', bound: [], wanted: ['sg-1', 'sg-2'] }).message,
    ).toMatch(/eni-a is bound to no group instead of sg-1,sg-2.*delete the Pod/);
    expect(driftMessage({ name: 'x', kind: 'gone', eniId: 'eni-a' }).message).toMatch(/eni-a.*delete the Pod/);
  });
});
