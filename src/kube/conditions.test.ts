// Conditions move their time only when their status does.
import { describe, expect, it } from 'vitest';
import { findCondition, setCondition } from './conditions.ts';

const t0 = new Date('2026-01-01T00:00:00.500Z');
const t1 = new Date('2026-01-01T01:00:00Z');
const ready = { type: 'Ready', status: 'True', reason: 'Up', message: 'all good' } as const;

describe('setCondition', () => {
  it('adds a condition with the time in whole seconds', () => {
    expect(setCondition(undefined, ready, t0)).toEqual([{ ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }]);
  });

  it('keeps the time while only reason, message or generation change', () => {
    const before = setCondition(undefined, ready, t0);
    const after = setCondition(before, { ...ready, reason: 'Still', message: 'm', observedGeneration: 3 }, t1);
    expect(after).toEqual([
      { ...ready, reason: 'Still', message: 'm', observedGeneration: 3, lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
  });

  it('moves the time with the status, in place', () => {
    const list = setCondition(setCondition(undefined, ready, t0), { ...ready, type: 'Other' }, t0);
    const after = setCondition(list, { ...ready, status: 'False' }, t1);
    expect(after.map((condition) => [condition.type, condition.status, condition.lastTransitionTime])).toEqual([
      ['Ready', 'False', '2026-01-01T01:00:00Z'],
      ['Other', 'True', '2026-01-01T00:00:00Z'],
    ]);
  });

  it('gives back the very same list when nothing changed, and never changes the one it was given', () => {
    const list = Object.freeze(setCondition(undefined, ready, t0));
    expect(setCondition(list, ready, t1)).toBe(list);
    expect(setCondition(list, { ...ready, status: 'Unknown' }, t1)).not.toBe(list);
    expect(list[0]?.status).toBe('True');
  });

  it('finds by type', () => {
    const list = setCondition(undefined, ready, t0);
    expect(findCondition(undefined, 'Ready')).toBeUndefined();
    expect(findCondition(list, 'Other')).toBeUndefined();
    expect(findCondition(list, 'Ready')?.reason).toBe('Up');
  });
});
