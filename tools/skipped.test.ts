// Nothing that could not run here passes in silence.
import { describe, expect, it } from 'vitest';
import { namesOfSkipped } from './skipped.ts';

const test = (status: string, ...titles: string[]) => ({
  ancestorTitles: titles.slice(0, -1),
  title: titles.at(-1) ?? '',
  status,
});

describe('what could not run', () => {
  it('is named by the outermost suite of which nothing ran, with how many tests that is', () => {
    expect(
      namesOfSkipped([
        test('passed', 'the agent', 'serves'),
        test('skipped', 'the agent', 'under containerd (unavailable without ctr)', 'ADD', 'works'),
        test('skipped', 'the agent', 'under containerd (unavailable without ctr)', 'DEL', 'works'),
        test('pending', 'a kernel with 802.1Q (unavailable without linux.uml)', 'wires Pods'),
      ]),
    ).toEqual([
      'the agent > under containerd (unavailable without ctr) (2 tests)',
      'a kernel with 802.1Q (unavailable without linux.uml)',
    ]);
  });

  it('is named test by test where others of its suite ran', () => {
    expect(
      namesOfSkipped([
        test('passed', 'the entry', 'refuses garbage'),
        test('skipped', 'the entry', 'syncs the tombstone'),
        test('failed', 'the entry', 'for arm64'),
        test('todo', 'later'),
      ]),
    ).toEqual(['the entry > syncs the tombstone', 'later']);
  });

  it('is told by a suite that ran without it, once', () => {
    const suite = 'batches on arm64, by qemu (unavailable: policy rules)';
    expect(namesOfSkipped([test('passed', suite, 'adds'), test('passed', suite, 'deletes')])).toEqual([suite]);
  });

  it('is nothing where everything ran', () => {
    expect(namesOfSkipped([test('passed', 'the entry', 'refuses garbage')])).toEqual([]);
  });
});
