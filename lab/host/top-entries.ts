// What a root shows of the machine's top directories: copied on write, read-only, or not at all.
import { readdirSync, statSync } from 'node:fs';
import type { MountPoint } from './mount-points.ts';

/** Top directories of which a root has its own, fresh or (/etc, /dev) made up; a project that lies in one is shown apart. */
export const PRIVATE_DIRS: readonly string[] = ['run', 'etc', 'tmp', 'opt', 'var', 'lost+found', 'proc', 'dev'];

/**
 * Three words for each: `copy`, `read` or `link`, the mode as octal digits, and the name. A directory with mounts below is
 * `read`: a layer over it would not show them.
 */
export function topEntries(mounts: readonly MountPoint[]): string[] {
  return readdirSync('/', { withFileTypes: true })
    .filter(({ name }) => !PRIVATE_DIRS.includes(name))
    .flatMap((entry) => {
      if (entry.isSymbolicLink()) return ['link', '-', entry.name];
      if (!entry.isDirectory()) return [];
      const hasMounts = entry.name === 'sys' || mounts.some(({ target }) => target.startsWith(`/${entry.name}/`));
      const mode = (statSync(`/${entry.name}`).mode & 0o7777).toString(8);
      return [hasMounts ? 'read' : 'copy', mode, entry.name];
    });
}
