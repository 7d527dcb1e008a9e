// The handshake about shared addresses under every order of its steps, crashes, old views, lost and late messages: no address is ever in two hands.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brokenRules, type HandshakeRules, rules } from './testing/handshake-rules.ts';
import { createHandshakeWorld, type Step, type WorldSize, worldSizes } from './testing/handshake-world.ts';

const stepArb: fc.Arbitrary<Step> = fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.nat(1_000));

/** Plays histories until one breaks an invariant. */
function search(
  played: HandshakeRules,
  options: fc.Parameters<[WorldSize, Step[]]>,
): fc.RunDetails<[WorldSize, Step[]]> {
  return fc.check(
    fc.property(
      fc.constantFrom(...worldSizes),
      fc.array(stepArb, { minLength: 20, maxLength: 300, size: 'max' }),
      (size, steps) => {
        const world = createHandshakeWorld(played, size);
        for (const step of steps) world.step(step);
        world.rest();
      },
    ),
    options,
  );
}

describe('the handshake about shared addresses', () => {
  it('never has an address in two hands, hands out none that is gone, and leaks none', () => {
    const found = search(rules, { numRuns: 2_500 });
    expect(found.failed ? `${String(found.errorInstance)}\n${fc.defaultReportMessage(found)}` : 'held').toBe('held');
  });

  // Where the search begins is fixed, so that it takes no longer than it did when it was chosen.
  it.each(Object.entries(brokenRules))('is seen to break when %s', (_, broken) => {
    expect(search(broken, { numRuns: 20_000, seed: 6, endOnFailure: true }).failed).toBe(true);
  });
});
