// The figures that the docs give of the parity suite.
import { describe, expect, it } from 'vitest';
import type { ParityCase } from './parity-case.ts';
import { summarize, summaryTable } from './summary.ts';
import { digestOf } from './verified.ts';

const parityCase = (id: ParityCase['id'], run: ParityCase['run']): ParityCase => ({
  id,
  title: 'a title',
  source: 'a source that is named',
  mutation: { file: 'lab/kube/a.ts', find: 'a', replace: 'b' },
  run,
});

describe('the summary of the parity suite', () => {
  it('counts what real servers judged, and what was changed since as unverified', () => {
    const kept = parityCase('watch/kept', () => Promise.resolve());
    const changed = parityCase('watch/changed', () => Promise.reject(new Error('now it does something else')));
    const verified = {
      'watch/kept': { digest: digestOf(kept), servers: ['v1.20.2'] },
      'watch/changed': { digest: 'older', servers: ['v1.20.2'] },
    };
    const [summary, ...others] = summarize([kept, changed], verified);
    expect(summary).toEqual({ group: 'watch', cases: 2, byServer: new Map([['v1.20.2', 1]]), unverified: 1 });
    expect(others).toEqual([]);
    expect(
      summaryTable(summarize([kept, changed], verified))
        .split('\n')
        .at(-1),
    ).toBe('| all | 2 | 1 | 1 |');
  });
});
