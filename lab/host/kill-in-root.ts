// Ends everything that still lives in a root: what a container left behind belongs to no process group that is known.
import { readdirSync, readlinkSync } from 'node:fs';

/** Kills every process whose root directory it is, or lies in it, until none is left; a process that cannot be seen is not there. */
export function killInRoot(root: string): void {
  // One that forks while it is looked at has its child found by the next look.
  for (let rounds = 0; rounds < 10; rounds++) {
    const found = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && livesIn(root, rootOf(entry)));
    if (found.length === 0) return;
    for (const pid of found) kill(Number(pid));
  }
}

const livesIn = (root: string, own: string | undefined): boolean =>
  own === root || own?.startsWith(`${root}/`) === true;

function rootOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
