// The mounts of this process' view, as the kernel lists them.
import { readFileSync, statSync } from 'node:fs';

/** A mount of the helper's view. */
export interface MountPoint {
  readonly target: string;
  readonly flags: readonly string[];
}

/** All of them; each root adds dozens, so this is slow in a lab with many Pods. */
export function mountPoints(): readonly MountPoint[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(' ');
      return { target: unescapeOctal(fields[4] ?? ''), flags: (fields[5] ?? '').split(',') };
    });
}

/** Files mounted one by one over /etc, as container engines do: an overlay of /etc does not show them. */
export function filesMountedInEtc(mounts: readonly MountPoint[]): string[] {
  return mounts
    .map(({ target }) => target)
    .filter((target) => target.startsWith('/etc/') && statSync(target, { throwIfNoEntry: false })?.isFile() === true);
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
