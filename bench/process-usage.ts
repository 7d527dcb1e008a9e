// What a process and everything it started use, as the kernel counts it.
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc are hundredths of a second on every Linux that we run on. */
const TICK_MS = 10;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** Own time and that of children that have ended; undefined for a process that is gone. */
function statOf(pid: number): Stat | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const [parent = 0, ...times] = [fields[1], fields[11], fields[12], fields[13], fields[14]].map(
      (field) => field ?? 0,
    );
    return { parent, ticks: times.reduce((sum, ticks) => sum + ticks, 0) };
  } catch {
    return undefined;
  }
}

/** Milliseconds of processor time of a process, of its children that have ended, and of its descendants that run. */
export function cpuMsOf(pid: number): number {
  const all = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat !== undefined) all.set(Number(name), stat);
  }
  const below = (parent: number): number =>
    [...all].reduce(
      (sum, [child, stat]) => (stat.parent === parent ? sum + stat.ticks * TICK_MS + below(child) : sum),
      0,
    );
  return (all.get(pid)?.ticks ?? 0) * TICK_MS + below(pid);
}

/** Resident memory in MB, without that of children. */
export function rssMbOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
