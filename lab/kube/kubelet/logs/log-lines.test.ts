// What becomes of the lines of a log file.
import { describe, expect, it } from 'vitest';
import { createLineWriter } from './log-lines.ts';
import type { LineFilter } from './log-lines.ts';

const FILE = [
  '2026-01-02T03:04:05.000000001Z stdout F one',
  '2026-01-02T03:04:06.500000000Z stderr F two',
  '2026-01-02T03:04:07.000000000Z stdout P thr',
  '2026-01-02T03:04:07.000000001Z stdout F ee',
  '',
].join('\n');

const read = (filter: Partial<LineFilter>, text = FILE): string =>
  createLineWriter({ timestamps: false, ...filter })
    .take(Buffer.from(text))
    .toString();

describe('the lines of a container’s log', () => {
  it('are shown without time and stream, parts of a line joined', () => {
    expect(read({})).toBe('one\ntwo\nthree\n');
  });

  it('have their times before them when asked, parts too', () => {
    expect(read({ timestamps: true })).toContain(
      '2026-01-02T03:04:06.500000000Z two\n2026-01-02T03:04:07.000000000Z thr2026',
    );
  });

  it('begin at a time, which counts', () => {
    expect(read({ sinceMs: Date.parse('2026-01-02T03:04:06.500Z') })).toBe('two\nthree\n');
    expect(read({ sinceMs: Date.parse('2026-01-02T03:04:06.501Z') })).toBe('three\n');
  });

  it('end after so many bytes', () => {
    const writer = createLineWriter({ timestamps: false, limitBytes: 6 });
    expect(writer.take(Buffer.from(FILE)).toString()).toBe('one\ntw');
    expect(writer.isFull).toBe(true);
  });

  it('wait for their end, and what is no line is left out', () => {
    const writer = createLineWriter({ timestamps: false });
    const at = FILE.indexOf('stderr') + 3;
    const shown = [FILE.slice(0, at), FILE.slice(at), 'garbage\n'].map((part) =>
      writer.take(Buffer.from(part)).toString(),
    );
    expect(shown).toEqual(['one\n', 'two\nthree\n', '']);
  });
});
