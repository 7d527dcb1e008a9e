// A watch that is late, or paused for minutes, never hides a policy that passed admission.
import { describe, expect, it } from 'vitest';
import { createFakeClock, type FakeClock } from '../../test/fake-clock.ts';
import { type PolicyView, projectPolicy } from '../planning/policy-view.ts';
import { createExpectedPolicies, type ExpectedPolicies, type PolicyChange } from './expected-policies.ts';
import { policy } from './testing/decide-input.ts';

const view = (name: string, generation = 1, uid = `uid-${name}`): PolicyView => {
  const given = policy(name, ['sg-xxxxyyyy']);
  return projectPolicy({ ...given, metadata: { ...given.metadata, generation, uid } });
};
const change = (generation = 1, uid = 'uid-web'): PolicyChange => ({ namespace: 'shop', name: 'web', uid, generation });
const start = (): { clock: FakeClock; expected: ExpectedPolicies } => {
  const clock = createFakeClock();
  return { clock, expected: createExpectedPolicies(clock) };
};

describe('a policy that passed admission', () => {
  it('is waited for until the watch has it, and no other namespace waits', () => {
    const { expected } = start();
    expected.expect(change());
    expect(expected.mayLag('shop', () => [])).toBe(true);
    expect(expected.mayLag('other', () => [])).toBe(false);
    expect(expected.mayLag('shop', () => [view('web')])).toBe(false);
    expect(expected.mayLag('shop', () => [])).toBe(false);
  });

  it('is waited for however long the watch is silent', async () => {
    const { clock, expected } = start();
    expected.expect(change());
    await clock.advance(300_000);
    expect(expected.mayLag('shop', () => [])).toBe(true);
  });

  it('is not met by an older generation, nor by a former object of the name', () => {
    const { expected } = start();
    expected.expect(change(3));
    expect(expected.mayLag('shop', () => [view('web', 2)])).toBe(true);
    expect(expected.mayLag('shop', () => [view('web', 3, 'uid-former')])).toBe(true);
    expect(expected.mayLag('shop', () => [view('web', 4)])).toBe(false);
  });

  it('is met by a later edit that the watch brings in its place', () => {
    const { expected } = start();
    expected.expect(change(2));
    expected.expect(change(3));
    expect(expected.mayLag('shop', () => [view('web', 2)])).toBe(true);
    expect(expected.mayLag('shop', () => [view('web', 3)])).toBe(false);
  });

  it('that was refused after all is forgotten once it can no longer come and the API has no more than the watch', async () => {
    const { clock, expected } = start();
    expected.expect(change());
    expected.compare('shop', clock.monotonicMs(), [view('db')], [view('db')]);
    expect(expected.mayLag('shop', () => [view('db')])).toBe(true);
    await clock.advance(60_000);
    expected.compare('shop', clock.monotonicMs(), [view('db', 2)], [view('db', 1)]);
    expect(expected.mayLag('shop', () => [view('db')])).toBe(true);
    expected.compare('shop', clock.monotonicMs(), [view('db')], [view('db')]);
    expect(expected.mayLag('shop', () => [view('db')])).toBe(false);
  });
});
