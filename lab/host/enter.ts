// How a command line is turned into one that runs inside a network namespace and a root.
import { resolveInRoot } from './root-paths.ts';
import type { Place } from './protocol.ts';

/** Where `ip netns` keeps its names. */
export const NETNS_DIR = '/run/netns';

/**
 * The command line that runs `place.argv` where `place` says. One `nsenter` does both namespaces and root (it ends in
 * exec, so the pid is the program's own); `ip netns exec` is not used, as it remounts /sys for every process.
 */
export function enterArgv(place: Pick<Place, 'argv' | 'netns' | 'root' | 'cwd'>): {
  argv: readonly string[];
  cwd: string;
} {
  const cwd = place.cwd ?? '/';
  const flags: string[] = [];
  if (place.netns !== undefined) flags.push(`--net=${NETNS_DIR}/${place.netns}`);
  if (place.root !== undefined) {
    // nsenter opens the working directory before it changes root; without --wd the process would keep one outside.
    flags.push(`--root=${place.root}`, `--wd=${resolveInRoot(place.root, cwd)}`);
  }
  if (flags.length === 0) return { argv: place.argv, cwd };
  return { argv: ['nsenter', ...flags, '--', ...place.argv], cwd: place.root === undefined ? cwd : '/' };
}
