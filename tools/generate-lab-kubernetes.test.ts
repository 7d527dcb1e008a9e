// The lists of docs/lab-kubernetes.md come from the server's tables.
import { describe, expect, it } from 'vitest';
import { unserved } from '../lab/kube/apiserver/http/unserved.ts';
import { generatedSections, isStale, withGenerated } from './generate-lab-kubernetes.ts';

describe('docs/lab-kubernetes.md', () => {
  it('lists what the server serves and refuses at present', async () => {
    expect(await isStale()).toBe(false);
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
