// deploy/crds is what the schemas say, and the check for it can fail.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crdFiles, staleCrdFiles } from './generate-crds.ts';

describe('deploy/crds', () => {
  it('is not stale; "npm run generate" writes it', async () => {
    expect(await staleCrdFiles()).toEqual([]);
  });

  it('is called stale when a file is missing, edited by hand or too many', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'crds-'));
    try {
      const names = [...crdFiles().keys()];
      for (const [name, text] of crdFiles()) await writeFile(join(directory, name), text);
      const [missing, edited] = names;
      await rm(join(directory, missing ?? ''));
      await writeFile(
        join(directory, edited ?? ''),
        `${await readFile(join(directory, edited ?? ''), 'utf8')}# mine\n`,
      );
      await writeFile(join(directory, 'extra.yaml'), '');
      expect(new Set(await staleCrdFiles(directory))).toEqual(new Set([missing, edited, 'extra.yaml']));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
