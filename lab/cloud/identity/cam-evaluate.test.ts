import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isAllowed, matches } from './cam-evaluate.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
const plain = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });

test('a pattern matches as a regular expression would in which only the star is special', () => {
  fc.assert(
    fc.property(letters, plain, (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(matches(pattern, text)).toBe(expression.test(text));
    }),
    { numRuns: 2000 },
  );
});

describe('statements', () => {
  const wish = { action: 'vpc:DescribeVpcs', resource: 'qcs::vpc:ap-guangzhou:uin/1:vpc/*' };
  const allow = (resources: readonly string[], actions = ['vpc:*']) => ({
    effect: 'allow' as const,
    actions,
    resources,
  });

  test('that do not fit allow nothing', () => {
    expect(isAllowed([], wish)).toBe(false);
    expect(isAllowed([allow(['*'], ['cvm:*'])], wish)).toBe(false);
    expect(isAllowed([allow(['qcs::vpc:ap-shanghai:uin/1:*'])], wish)).toBe(false);
    expect(isAllowed([allow(['qcs::vpc::uin/2:*'])], wish)).toBe(false);
  });

  test('with empty parts mean any project, region and account', () => {
    expect(isAllowed([allow(['qcs::vpc:::vpc/*'])], wish)).toBe(true);
  });

  test('that deny win in whichever order they stand', () => {
    const deny = { ...allow(['*']), effect: 'deny' as const };
    expect(isAllowed([allow(['*']), deny], wish)).toBe(false);
    expect(isAllowed([deny, allow(['*'])], wish)).toBe(false);
  });
});
