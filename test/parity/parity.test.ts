// The parity cases against the embedded server, one test each, and what the suite promises about itself.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parityCases } from './cases/index.ts';
import { findKubectl } from './drivers/kubectl.ts';
import { mutate } from './mutation.ts';
import { groupOf } from './parity-case.ts';
import type { Group } from './parity-case.ts';
import { openBench, runCase, whySkipped } from './run-case.ts';
import { startEmbeddedServer } from './servers/embedded.ts';

const projectDir = resolve(import.meta.dirname, '..', '..');
const CASE_MS = 60_000;

/** At least this many cases each; the rest of the groups have what they need. */
const ENOUGH = 8;
const demanded: readonly Group[] = [
  'watch',
  'json-patch',
  'merge-patch',
  'strategic-patch',
  'apply',
  'apply-conflicts',
  'crd-pruning',
  'crd-defaulting',
  'cel',
  'webhooks',
  'admission-policies',
  'garbage-collection',
  'rbac',
  'tables',
  'errors',
];

describe('the parity suite', () => {
  it('has ids of its own for all cases, and enough of them in each group that people rely on', () => {
    expect(new Set(parityCases.map(({ id }) => id)).size).toBe(parityCases.length);
    const counts = demanded.map((group) => [
      group,
      parityCases.filter((parityCase) => groupOf(parityCase) === group).length,
    ]);
    expect(counts.filter(([, count]) => Number(count) < ENOUGH)).toEqual([]);
  });

  it('lists a mutation for each case that changes exactly one place of the server', async () => {
    const problems: string[] = [];
    for (const { id, mutation } of parityCases) {
      expect(mutation.file, id).toMatch(/^lab\/kube\/[a-z0-9-/]+\.ts$/);
      const source = await readFile(join(projectDir, mutation.file), 'utf8').catch(() => '');
      try {
        mutate(source, mutation);
      } catch (error) {
        problems.push(`${id}: ${String(error)}`);
      }
    }
    expect(problems).toEqual([]);
  });

  it('names the source of each behaviour', () => {
    expect(parityCases.filter(({ source }) => source.length < 12).map(({ id }) => id)).toEqual([]);
  });
});

describe('the embedded server', () => {
  const state: { bench?: Awaited<ReturnType<typeof openBench>> } = {};
  beforeAll(async () => {
    const server = await startEmbeddedServer();
    state.bench = await openBench(server, await findKubectl(process.env['PATH'] ?? '', server));
  });
  afterAll(async () => {
    await state.bench?.[Symbol.asyncDispose]();
  });

  for (const parityCase of parityCases) {
    it(`${parityCase.id}: ${parityCase.title}`, { timeout: CASE_MS }, async ({ skip }) => {
      const { bench } = state;
      if (bench === undefined) throw new Error('the server did not start');
      const reason = whySkipped(bench, parityCase);
      // In CI kubectl is never missing: there the cases that need it run, and fail without it.
      const tolerated = reason === 'needs kubectl' ? process.env['CI'] !== 'true' : reason !== undefined;
      skip(tolerated, reason);
      await runCase(bench, parityCase);
    });
  }
});
