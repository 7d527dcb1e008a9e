// Tables are aligned, without trailing blanks, and colour stays on terminals.
import { describe, expect, it } from 'vitest';

import { renderTable, styleFor } from './table.ts';

describe('renderTable', () => {
  it('pads each column to its widest cell', () => {
    expect(
      renderTable(
        ['A', 'LONG'],
        [
          ['wide', '1'],
          ['x', ''],
        ],
      ),
    ).toBe('A     LONG\nwide  1\nx\n');
  });
});

describe('styleFor', () => {
  it('adds nothing when the stream is no terminal or NO_COLOR is set', () => {
    const stream = (isTTY: boolean) => ({ isTTY }) as NodeJS.WriteStream;
    expect(styleFor(stream(false), false).green('ok')).toBe('ok');
    expect(styleFor(stream(true), true).green('ok')).toBe('ok');
    expect(styleFor(stream(true), false).green('ok')).not.toBe('ok');
  });
});
