// Options of writes.
import { describe, expect, it } from 'vitest';
import { checkWriteOptions, fieldManagerOf, isForced } from './options.ts';

const check =
  (query: string, apply = false): (() => void) =>
  () =>
    checkWriteOptions(new URLSearchParams(query), 'PatchOptions', apply);

describe('the options of a write', () => {
  it.each<[string, string]>([
    ['dryRun=', 'dryRun: Unsupported value: []string{""}: supported values: "All"'],
    ['dryRun=All&dryRun=x', 'dryRun: Unsupported value: []string{"All", "x"}: supported values: "All"'],
    ['fieldManager=a%0Ab', 'fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)'],
    ['fieldValidation=x', 'fieldValidation: Unsupported value: "x": supported values: "", "Ignore", "Strict", "Warn"'],
    ['force=false', 'force: Forbidden: may not be specified for non-apply patch'],
  ])('are refused: %s', (query, message) => {
    expect(check(query)).toThrow(`PatchOptions.meta.k8s.io "" is invalid: ${message}`);
  });

  it('need a manager for an apply, which may be forced', () => {
    expect(check('force=true', true)).toThrow('fieldManager: Required value: is required for apply patch');
    expect(check('force=true&fieldManager=a&dryRun=All', true)).not.toThrow();
  });

  it('force unless they clearly do not', () => {
    const forced = (query: string): boolean => isForced(new URLSearchParams(query));
    expect([forced(''), forced('force=false'), forced('force=FALSE'), forced('force=0')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([forced('force=true'), forced('force='), forced('force=1')]).toEqual([true, true, true]);
  });
});

describe('the manager of a write', () => {
  const manager = (userAgent: string, query = ''): string =>
    fieldManagerOf({ userAgent, query: new URLSearchParams(query) });

  it('is the one asked for, else the name of the client, else unknown', () => {
    expect(manager('kubectl/v1.30 (linux)', 'fieldManager=me')).toBe('me');
    expect(manager('kubectl/v1.30 (linux)')).toBe('kubectl');
    expect(manager('')).toBe('unknown');
  });

  it('has no characters that cannot be printed, and at most 128 bytes', () => {
    expect(manager('a\u0001b/1')).toBe('ab');
    expect(manager('ä'.repeat(100))).toBe('ä'.repeat(64));
  });
});
