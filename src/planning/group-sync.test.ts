import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssociateSemantics, learnSemantics, planGroupSync, sameGroups } from './group-sync.ts';

const LIMIT = 5;

/** What the cloud does with a step, under either reading of Associate. */
function apply(
  bound: readonly string[],
  step: Exclude<ReturnType<typeof planGroupSync>, { kind: 'done' }>,
  truth: 'append' | 'replace',
): readonly string[] {
  expect(step.groups.length, 'an empty request is refused by the cloud').toBeGreaterThan(0);
  if (step.kind === 'disassociate') return bound.filter((group) => !step.groups.includes(group));
  const after = [...new Set([...(truth === 'append' ? bound : []), ...step.groups])];
  expect(after.length, 'more groups than an ENI takes').toBeLessThanOrEqual(LIMIT);
  return after;
}

function run(
  start: readonly string[],
  wanted: readonly string[],
  truth: 'append' | 'replace',
  semantics: AssociateSemantics,
): { readonly states: readonly (readonly string[])[]; readonly calls: readonly string[] } {
  let bound = start;
  let known = semantics;
  const states = [start];
  const calls: string[] = [];
  for (;;) {
    const step = planGroupSync(bound, wanted, known, LIMIT);
    if (step.kind === 'done') return { states, calls };
    const after = apply(bound, step, truth);
    if (step.kind === 'associate') known = learnSemantics(known, bound, step.groups, after);
    bound = after;
    states.push(bound);
    calls.push(`${step.kind} ${step.groups.join(',')}`);
    expect(calls.length, `does not end: ${calls.join(' / ')}`).toBeLessThanOrEqual(6);
  }
}

const groups = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: LIMIT });
const beliefs = fc.constantFrom('unknown' as const, 'append' as const, 'replace' as const);
const truths = fc.constantFrom('append' as const, 'replace' as const);

describe('the groups of an ENI', () => {
  it('become the wanted list, in its order, under either semantics, whatever is believed of it', () => {
    fc.assert(
      fc.property(groups, groups, truths, beliefs, (start, wanted, truth, known) => {
        const { states } = run(start, wanted, truth, known);
        expect(states.at(-1)).toEqual(wanted);
      }),
      { numRuns: 3000 },
    );
  });

  it('are never all gone on the way from some to some', () => {
    fc.assert(
      fc.property(groups, groups, truths, (start, wanted, truth) => {
        fc.pre(start.length > 0 && wanted.length > 0);
        for (const state of run(start, wanted, truth, 'unknown').states) expect(state).not.toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it('that stay keep their place without a gap when the order allows it and all fit', () => {
    fc.assert(
      fc.property(groups, groups, (start, wanted) => {
        const shared = wanted.filter((group) => start.includes(group));
        const inOrder = sameGroups(
          start.filter((group) => wanted.includes(group)),
          wanted.slice(0, shared.length),
        );
        fc.pre(inOrder && new Set([...start, ...wanted]).size <= LIMIT);
        for (const state of run(start, wanted, 'append', 'unknown').states)
          expect(shared.every((group) => state.includes(group))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('changed by somebody else between two calls still become the wanted list', () => {
    fc.assert(
      fc.property(groups, groups, groups, truths, (start, wanted, meddled, truth) => {
        const step = planGroupSync(start, wanted, 'unknown', LIMIT);
        fc.pre(step.kind !== 'done');
        expect(run(meddled, wanted, truth, 'unknown').states.at(-1)).toEqual(wanted);
      }),
    );
  });
});

describe('calls', () => {
  const calls = (bound: string, wanted: string, truth: 'append' | 'replace', known?: AssociateSemantics) =>
    run(bound.split(''), wanted.split(''), truth, known ?? 'unknown').calls;

  it('there are none when nothing differs', () => {
    expect(calls('ab', 'ab', 'append')).toEqual([]);
    expect(calls('', '', 'append')).toEqual([]);
  });

  it('an ENI without groups needs one', () => {
    expect(calls('', 'ab', 'append')).toEqual(['associate a,b']);
    expect(calls('', 'ab', 'replace')).toEqual(['associate a,b']);
  });

  it('all groups are taken off at once', () => {
    expect(calls('abc', '', 'append')).toEqual(['disassociate a,b,c']);
  });

  it('new groups come before old ones go', () => {
    expect(calls('x', 'ab', 'append')).toEqual(['associate a,b', 'disassociate x']);
    expect(calls('x', 'ab', 'replace')).toEqual(['associate a,b']);
  });

  it('a new order takes off only what is in the way, and never everything', () => {
    expect(calls('ab', 'ba', 'append')).toEqual(['disassociate a', 'associate b,a']);
    expect(calls('abc', 'acb', 'append')).toEqual(['disassociate b', 'associate a,c,b']);
    expect(calls('a', 'ba', 'append')).toEqual(['associate b,a', 'disassociate a', 'associate b,a']);
  });

  it('where Associate is known to replace, one is enough', () => {
    expect(calls('ab', 'ba', 'replace', 'replace')).toEqual(['associate b,a']);
  });

  it('a full ENI makes room first, and keeps something until the new ones are there', () => {
    expect(calls('abcde', 'fghij', 'append')).toEqual([
      'disassociate a,b,c,d',
      'associate f,g,h,i',
      'disassociate e',
      'associate f,g,h,i,j',
    ]);
  });

  it('the same group twice in the wanted list counts once', () => {
    expect(planGroupSync(['a', 'b'], ['a', 'b', 'a'])).toEqual({ kind: 'done' });
  });
});

describe('what Associate does', () => {
  it('is learnt from a case in which the two readings differ, and only from such a one', () => {
    expect(learnSemantics('unknown', ['x'], ['a'], ['x', 'a'])).toBe('append');
    expect(learnSemantics('unknown', ['x'], ['a'], ['a'])).toBe('replace');
    expect(learnSemantics('unknown', [], ['a'], ['a'])).toBe('unknown');
    expect(learnSemantics('append', [], ['a'], ['a'])).toBe('append');
  });

  it('is believed until an answer contradicts it', () => {
    expect(learnSemantics('replace', ['a', 'b'], ['b', 'a'], ['a', 'b'])).toBe('append');
    expect(learnSemantics('replace', ['x'], ['a'], ['q'])).toBe('unknown');
  });
});
