// Installing the CNI entry: whole, executable, and never written into a plugin that runs.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentErrors } from './errors.ts';
import { installPlugins, pluginNames } from './install.ts';

describe('the CNI binaries', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'tke-install-'));
    writeFileSync(join(base, 'built'), 'ELF');
    writeFileSync(join(base, 'fallback'), '#!/bin/sh');
  });
  afterEach(() => rmSync(base, { recursive: true }));
  const install = (...entries: string[]): Promise<string> =>
    installPlugins({ directory: join(base, 'bin'), entries: entries.map((entry) => join(base, entry)) });

  it('are the best entry that exists, under every name, executable', async () => {
    expect(await install('built', 'fallback')).toBe(join(base, 'built'));
    expect(readdirSync(join(base, 'bin')).toSorted()).toEqual([...pluginNames].toSorted());
    for (const name of pluginNames) {
      expect(readFileSync(join(base, 'bin', name), 'utf8')).toBe('ELF');
      expect(statSync(join(base, 'bin', name)).mode & 0o777).toBe(0o755);
    }
  });

  it('are the fallback where nothing was built', async () => {
    expect(await install('missing', 'fallback')).toBe(join(base, 'fallback'));
  });

  it('are replaced by a new file, and only when they differ', async () => {
    await install('fallback');
    const inode = (): number => statSync(join(base, 'bin', 'tke-route-eni')).ino;
    const first = inode();
    await install('fallback');
    expect(inode()).toBe(first);
    await install('built');
    expect(inode()).not.toBe(first);
  });

  it('are missing by name when there is no entry', async () => {
    await expect(install('missing')).rejects.toThrow(
      expect.objectContaining({
        code: agentErrors.entryMissing.code,
        message: expect.stringContaining('missing') as string,
      }),
    );
  });
});
