// When CAM is asked about the roles, and who is told of an answer.
import { describe, expect, it } from 'vitest';
import { createRoleStandings, nextLookMs, unseenRoles } from './standings.ts';

const timings = { lookAgainMs: 30_000, policyResyncMs: 300_000 };

describe('the next look at the roles', () => {
  it.each([
    ['is at once at the start', undefined, false, 0],
    ['is after the resync time while nothing is wrong', 1_000, false, 291_000],
    ['is soon while a role lacks the policy or is refused', 1_000, true, 21_000],
  ])('%s', (_, lookedAtMs, isClosed, expected) => {
    expect(nextLookMs({ lookedAtMs, nowMs: 10_000, isClosed }, timings)).toBe(expected);
  });

  it('is never later because something is wrong', () => {
    const last = { lookedAtMs: 0, nowMs: 0, isClosed: true };
    expect(nextLookMs(last, { lookAgainMs: 30_000, policyResyncMs: 300 })).toBe(300);
  });
});

it('what is seen of the roles is told once, and not again while it is the same', () => {
  const standings = createRoleStandings();
  let told = 0;
  const stop = standings.onChange(() => {
    told += 1;
  });
  const seen = { ...unseenRoles, TKE_QCSRole: 'missing' } as const;
  standings.saw(seen);
  standings.saw({ ...seen });
  expect([told, standings.current()]).toEqual([1, seen]);
  stop();
  standings.saw(unseenRoles);
  expect(told).toBe(1);
});
