// The lists of docs/lab-kubernetes.md come from the server's tables.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unserved } from '../lab/kube/apiserver/http/unserved.ts';
import { generatedSections, withGenerated } from './generate-lab-kubernetes.ts';

describe('docs/lab-kubernetes.md', () => {
  it('lists what the server serves, refuses and was judged at present', () => {
    // In a process of its own: the digests of cases are those of the text that Node runs, not of what the test runner makes of it.
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'generate-lab-kubernetes.ts'), '--check'],
      {
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
  });

  it('names each thing in one list only', () => {
    const served = generatedSections().get('served') ?? '';
    expect(served).toContain('| v1 | ');
    const missing = unserved({ list: () => [] }).filter(({ kind }) => kind === 'resource');
    expect(missing.map(({ what }) => what)).toContain('apps/v1 deployments');
    expect(generatedSections().get('unserved')).not.toContain('apps/v1 deployments');
  });

  it('must have the marks of every section', () => {
    expect(() => withGenerated('# A document\n')).toThrow('<!-- generated: served -->');
  });
});
