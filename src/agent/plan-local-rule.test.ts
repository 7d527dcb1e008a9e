// Where the rule of the table `local` goes, from wherever it stands.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localRules, planLocalRule } from './plan-local-rule.ts';

const MOVE = ['rule add pref 20 lookup local', 'rule del pref 0 lookup local'];
const MOVE_BACK = ['rule add pref 0 lookup local', 'rule del pref 20 lookup local'];

describe('the rule of local', () => {
  it.each([
    ['stays where the kernel put it without strict Pods', [0], false, false, []],
    ['is moved with the first strict Pod, added before it is deleted', [0], true, false, MOVE],
    ['stays moved with the second', [20], true, true, []],
    ['is moved back with the last', [20], false, true, MOVE_BACK],
    ['is not moved again by an agent that comes back', [20], true, undefined, []],
    ['is one again after a crash within the move', [0, 20], true, undefined, [MOVE[1]]],
    ['is one again after a crash within the move back', [0, 20], false, undefined, [MOVE_BACK[1]]],
    ['is moved again after a reboot', [0], true, undefined, MOVE],
    ['is put there when there is none at all', [], false, false, [MOVE_BACK[0]]],
    ['is put there for strict Pods when there is none at all', [], true, true, [MOVE[0]]],
  ] as const)('%s', (_, present, strict, held, lines) => {
    expect(planLocalRule(present, strict, held)).toEqual({ lines });
  });

  it.each([
    ['moved back by another program', [0], true, true, 'preference 0'],
    ['added again by another program', [0, 20], true, true, 'preferences 0 and 20'],
    ['moved to a place of its own by another program', [100], true, undefined, 'preference 100'],
    ['moved there without strict Pods', [100], false, undefined, 'preference 100'],
  ] as const)('is told and left alone when %s', (_, present, strict, held, where) => {
    const { lines, problem } = planLocalRule(present, strict, held);
    expect(lines).toEqual([]);
    expect(problem).toContain(`stands at ${where}, where another program put it`);
  });

  it('is never absent in between, whatever was there', () => {
    const anything = fc.uniqueArray(fc.constantFrom(0, 20, 100), { maxLength: 3 });
    fc.assert(
      fc.property(anything, fc.boolean(), fc.option(fc.boolean(), { nil: undefined }), (present, strict, held) => {
        const now = new Set<number>(present);
        for (const line of planLocalRule(present, strict, held).lines) {
          const preference = Number(line.split(' ')[3]);
          if (line.startsWith('rule add')) now.add(preference);
          else expect(now.delete(preference)).toBe(true);
          expect(now.size).toBeGreaterThan(0);
        }
        expect(now.size).toBeGreaterThan(0);
      }),
    );
  });

  it('is recognized among the rules of others', () => {
    expect(
      localRules([
        { priority: 20, src: 'all', table: 'local' },
        { priority: 5, src: '10.0.0.0', table: 'local' },
        { priority: 6, src: 'all', iif: 'eth0', table: 'local' },
        { priority: 0, table: 'local' },
        { priority: 32_766, src: 'all', table: 'main' },
      ]),
    ).toEqual([0, 20]);
  });
});
