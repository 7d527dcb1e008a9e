// The rules of x-kubernetes-validations: what they mean, and what is refused.
import { describe, expect, it } from 'vitest';
import { compileRule } from './compile.ts';

const check = (rule: string, self: unknown, oldSelf?: unknown): boolean => {
  const compiled = compileRule(rule);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.passes(self, oldSelf);
};

describe('rules', () => {
  it.each<[string, unknown, boolean]>([
    ['has(self.a) || has(self.b)', { b: {} }, true],
    ['has(self.a) || has(self.b)', {}, false],
    ['!(has(self.a) && has(self.b))', { a: 1, b: 1 }, false],
    ['!has(self.a) || (has(self.b) && has(self.c))', { a: 1, b: 1 }, false],
    ['self.a == 1 ? self.b : true', { a: 1, b: false }, false],
    ["self.mode in ['x', 'y']", { mode: 'y' }, true],
    ['self.list.all(item, item > 0)', { list: [1, 2] }, true],
    ['self.list.exists(item, item == 3)', { list: [1, 2] }, false],
    ['self.list.filter(item, item > 1).size() == 1', { list: [1, 2] }, true],
    ['self.list.map(item, item * 2) == [2, 4]', { list: [1, 2] }, true],
    ['size(self.text) <= 3 && self.text.startsWith("ab")', { text: 'abc' }, true],
    ["self.text.matches('^a.c$')", { text: 'abc' }, true],
    ['self.map.all(key, key.contains("a"))', { map: { a: 1, ba: 2 } }, true],
    ["self.map['a'] + 1 == 3", { map: { a: 2 } }, true],
    ['7 / 2 == 3 && 7 % 2 == 1 && -1 < 0', {}, true],
  ])('%s over %j is %s', (rule, self, expected) => {
    expect(check(rule, self)).toBe(expected);
  });

  it('compare with the old value', () => {
    const rule = 'has(self.pod) == has(oldSelf.pod) && (!has(self.pod) || self.pod == oldSelf.pod)';
    expect(check(rule, { pod: { uid: 'a' } }, { pod: { uid: 'a' } })).toBe(true);
    expect(check(rule, { pod: { uid: 'b' } }, { pod: { uid: 'a' } })).toBe(false);
    expect(compileRule(rule)).toMatchObject({ usesOldSelf: true });
  });

  it('let the deciding side of && and || outweigh an error on the other', () => {
    expect(check('self.missing == 1 || true', {})).toBe(true);
    expect(() => check('self.missing == 1 || false', {})).toThrow('no such key: missing');
  });

  it.each([
    ['self.a.format("x")', 'does not implement format'],
    ['self.a ==', 'syntax error'],
    ['other.a', "undeclared reference to 'other'"],
    ['self.a = 1', 'syntax error'],
    ['has(self)', 'does not implement has'],
  ])('%s is refused', (rule, reason) => {
    const compiled = compileRule(rule);
    expect(compiled.ok ? '' : compiled.reason).toContain(reason);
  });
});
