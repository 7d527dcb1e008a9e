// Where a path of a private root really is, seen from outside it: symbolic links are followed inside the root, as chroot would.
import { lstatSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

const MAX_LINKS = 40;

/**
 * The outside path of `path` in `root`. Absolute links and `..` stay inside the root; a tail that does not exist is
 * taken as written. Throws after 40 links, as the kernel does.
 */
export function resolveInRoot(root: string, path: string): string {
  const pending = path.split('/').filter(isNamed);
  const resolved: string[] = [];
  let links = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '..') {
      resolved.pop();
      continue;
    }
    const target = linkTarget(join(root, ...resolved, part));
    if (target === undefined) {
      resolved.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw new Error(`${path}: more than ${MAX_LINKS} symbolic links`);
    if (target.startsWith('/')) resolved.length = 0;
    pending.unshift(...target.split('/').filter(isNamed));
  }
  return join(root, ...resolved);
}

function isNamed(part: string): boolean {
  return part !== '' && part !== '.';
}

function linkTarget(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}
