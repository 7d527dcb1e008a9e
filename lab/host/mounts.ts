// The helper's own view of the machine: a private /run with shared netns names, and a /proc of its own pid namespace.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { TrunklineError } from '../../src/base/errors.ts';
import { HOST_ERRORS } from './errors.ts';
import type { HelperOptions } from './protocol.ts';

/** Where the helper keeps the roots that it makes; on its own tmpfs, so on no disk. */
export const ROOTS_DIR = '/run/trunkline/roots';

/** Top directories that are fresh or copied on write in a root; the rest of the machine reads through. */
export const PRIVATE_DIRS: readonly string[] = ['run', 'etc', 'tmp', 'opt', 'var', 'lost+found'];

// /run is built aside and moved into place, since what the lab needs (a state directory in /run/user) may lie below it.
// busybox' shell runs `mount` without starting a process; propagation is left to util-linux (`env mount`), which is exact.
const SETUP = `
stage="$1/run-stage"; shift
mkdir -p "$stage"
mount -t tmpfs -o mode=755 tmpfs "$stage"
for kept in "$@"; do
  case "$kept" in /run/*) mkdir -p "$stage\${kept#/run}"; mount -o rbind "$kept" "$stage\${kept#/run}";; esac
done
mkdir -p "$stage/netns" "$stage/trunkline/roots" "$stage/lock"
mount -o move "$stage" /run
mount -o bind /run/netns /run/netns
env mount --make-shared /run/netns
if [ -d "$stage" ]; then rmdir "$stage"; fi
mount -t proc proc /proc || echo "no /proc of its own (a masked /proc is locked): pids shown in it are the machine's" >&2
`;

/** Runs once, before anything else of the helper. Throws `HOST-START` with the tool's words. */
export function setUpMounts(options: HelperOptions): void {
  const args = ['sh', '-eu', '-c', SETUP, 'sh', options.stateDir, options.stateDir, options.projectDir];
  const result = spawnSync('busybox', args, { encoding: 'utf8', env: { PATH: options.path } });
  if (result.status !== 0) {
    throw new TrunklineError(HOST_ERRORS.start, `mounts of the lab host: ${result.stderr || String(result.error)}`);
  }
}

/** Directories of / that read through in every root. */
export function readThroughDirs(): string[] {
  return readdirSync('/', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !PRIVATE_DIRS.includes(entry.name))
    .map((entry) => entry.name);
}

/** A mount of the helper's view. */
export interface MountPoint {
  readonly target: string;
  readonly flags: readonly string[];
}

/** Files mounted one by one over /etc, as container engines do: an overlay of /etc does not show them. */
export function filesMountedInEtc(mounts: readonly MountPoint[]): string[] {
  return mounts
    .map(({ target }) => target)
    .filter((target) => target.startsWith('/etc/') && statSync(target, { throwIfNoEntry: false })?.isFile() === true);
}

/** Flags that a read-only remount must repeat, because the kernel locks them in a user namespace. */
export function lockedFlags(mounts: readonly MountPoint[], path: string): string[] {
  const covering = mounts
    .filter(({ target }) => path === target || path.startsWith(target === '/' ? '/' : `${target}/`))
    .toSorted((a, b) => a.target.length - b.target.length)
    .at(-1);
  const lockable = ['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'];
  return covering?.flags.filter((flag) => lockable.includes(flag)) ?? [];
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

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
