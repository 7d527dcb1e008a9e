// Completion indexes of an Indexed Job, and the way they are written: `0-2,5`. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { INDEX_KEY } from './view.ts';

/** The index of a Pod; `undefined` when it has none or one that the Job does not have. */
export function indexOf(pod: Pod, completions: number): number | undefined {
  const text = pod.metadata.annotations?.[INDEX_KEY] ?? '';
  const index = /^\d+$/.test(text) ? Number(text) : -1;
  return index >= 0 && index < completions ? index : undefined;
}

/** Reads the text; parts that are no index of the Job are left out. */
export function readIndexes(text: string | undefined, completions: number): ReadonlySet<number> {
  const read = new Set<number>();
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? match[1]), completions - 1);
    for (let index = first; index <= last; index += 1) read.add(index);
  }
  return read;
}

/** Writes them in order, runs of three or more and of two as `first-last` and `first,last`. */
export function writeIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].toSorted((one, other) => one - other);
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    const [first, last] = [sorted[at], sorted[end]];
    if (end === at) parts.push(`${first}`);
    else if (end === at + 1) parts.push(`${first}`, `${last}`);
    else parts.push(`${first}-${last}`);
    at = end + 1;
  }
  return parts.join(',');
}

/** The lowest indexes that are neither done nor being worked on. */
export function missingIndexes(
  completions: number,
  done: ReadonlySet<number>,
  active: ReadonlySet<number>,
  count: number,
): number[] {
  const missing: number[] = [];
  for (let index = 0; index < completions && missing.length < count; index += 1)
    if (!done.has(index) && !active.has(index)) missing.push(index);
  return missing;
}
