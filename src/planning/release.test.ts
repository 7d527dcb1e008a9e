// The release of a sub-ENI (DESIGN, decision 2): every combination of what can be known.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRelease, type ReleaseFacts } from './release.ts';

const factsArb: fc.Arbitrary<ReleaseFacts> = fc.record({
  pod: fc.constantFrom('gone', 'ended', 'alive'),
  agent: fc.constantFrom('wired', 'torn-down', 'silent', 'never-told'),
  instance: fc.constantFrom('running', 'stopped', 'gone', 'unknown'),
});

describe('planRelease', () => {
  it('never releases while the Pod lives', () => {
    fc.assert(fc.property(factsArb, (facts) => facts.pod !== 'alive' || planRelease(facts).kind === 'wait'));
  });

  it('never releases while the agent may still have the Pod wired on an instance that may run', () => {
    fc.assert(
      fc.property(factsArb, (facts) => {
        fc.pre(facts.agent === 'wired' || facts.agent === 'silent');
        fc.pre(facts.instance === 'running' || facts.instance === 'unknown');
        expect(planRelease(facts).kind).toBe('wait');
      }),
    );
  });

  it('always says what it waits for', () => {
    fc.assert(
      fc.property(factsArb, (facts) => {
        const decision = planRelease(facts);
        expect(decision.kind === 'release' || decision.reason !== '').toBe(true);
      }),
    );
  });

  it.each([
    { pod: 'gone', agent: 'torn-down', instance: 'unknown' },
    { pod: 'ended', agent: 'torn-down', instance: 'running' },
    { pod: 'gone', agent: 'wired', instance: 'gone' },
    { pod: 'gone', agent: 'silent', instance: 'stopped' },
    { pod: 'gone', agent: 'never-told', instance: 'unknown' },
  ] satisfies ReleaseFacts[])('releases for Pod $pod, agent $agent, instance $instance', (facts) => {
    expect(planRelease(facts)).toEqual({ kind: 'release' });
  });
});
