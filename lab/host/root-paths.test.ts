// Paths of a root seen from outside, against a directory that pretends to be one.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveInRoot } from './root-paths.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trunkline-paths-'));
  mkdirSync(join(root, 'a/b'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('resolveInRoot', () => {
  it('leaves a path without links, existing or not, as it is', () => {
    expect(resolveInRoot(root, '/a/b/new/file')).toBe(join(root, 'a/b/new/file'));
  });

  it('takes an absolute link as of the root', () => {
    symlinkSync('/a', join(root, 'link'));
    expect(resolveInRoot(root, '/link/b')).toBe(join(root, 'a/b'));
  });

  it('takes a relative link from where it lies', () => {
    symlinkSync('../b', join(root, 'a/link'));
    expect(resolveInRoot(root, '/a/link')).toBe(join(root, 'b'));
  });

  it('does not climb out of the root', () => {
    symlinkSync('../../../..', join(root, 'a/up'));
    expect(resolveInRoot(root, '/a/up/etc')).toBe(join(root, 'etc'));
    expect(resolveInRoot(root, '/../../etc')).toBe(join(root, 'etc'));
  });

  it('gives up on links that go in circles', () => {
    symlinkSync('loop', join(root, 'loop'));
    expect(() => resolveInRoot(root, '/loop')).toThrow(/40 symbolic links/);
  });
});
