// The helper's own view of the machine: read-only, with a private /run and a /proc of its own pid namespace.
import { spawnSync } from 'node:child_process';
import { TrunklineError } from '../../src/base/errors.ts';
import { HOST_ERRORS } from './errors.ts';
import type { HelperOptions } from './protocol.ts';
import { readOnlyMachine } from './read-only-machine.ts';

/** Where the helper keeps the roots that it makes; on its own tmpfs, so on no disk. */
export const ROOTS_DIR = '/run/trunkline/roots';

/** The root that is made under this name: also its handle. */
export const rootPath = (name: string): string => `${ROOTS_DIR}/${name}/root`;

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
  run(options, SETUP, [options.stateDir, options.stateDir, options.projectDir]);
  const { script, args } = readOnlyMachine(options.stateDir);
  run(options, script, args);
}

function run(options: HelperOptions, script: string, args: readonly string[]): void {
  const words = ['sh', '-eu', '-c', script, 'sh', ...args];
  const result = spawnSync('busybox', words, { encoding: 'utf8', env: { PATH: options.path } });
  if (result.status !== 0) {
    throw new TrunklineError(HOST_ERRORS.start, `mounts of the lab host: ${result.stderr || String(result.error)}`);
  }
}
