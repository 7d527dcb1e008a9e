// Keeps the machine safe from what runs in the lab: in the helper's view its files can be read and nothing else, its devices are few.
import { mountPoints } from './mount-points.ts';
import type { MountPoint } from './mount-points.ts';

/** The machine without the lab's state folder, read-only: what roots show of directories that they cannot copy on write. */
export const MACHINE_COPY = '/run/trunkline/machine';

/** The devices of every root: those of a container. */
export const DEVICES = '/run/trunkline/dev';

/** What stays writable in the helper's view: its own /run, its own /proc, and terminals. */
const OWN = ['/run/netns', '/run/trunkline', '/proc', '/dev/pts'];

// Terminals of its own: programs of the lab have no business at the user's.
// /proc/sys/net is each network namespace's own; the rest of /proc/sys, and what restarts a machine, is the machine's.
// $1 state folder, $2 flags of the mount that it lies on, then target and flags of each mount.
const READ_ONLY = `
state="$1"; flags="$2"; shift 2
if [ -d /dev/pts ]; then mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts || true; fi
if [ -d /proc/sys/net ]; then
  mount -o bind /proc/sys /proc/sys
  mount -o bind /proc/sys/net /proc/sys/net
  mount -o remount,bind,ro none /proc/sys || echo "/proc/sys stays writable where this user may write" >&2
fi
if [ -w /proc/sysrq-trigger ]; then mount -o bind /dev/null /proc/sysrq-trigger; fi
mkdir -p ${MACHINE_COPY} ${DEVICES}
while [ $# -gt 0 ]; do
  if ! mount -o "remount,bind,ro$2" none "$1" 2>/dev/null && [ -w "$1" ]; then
    mount -t tmpfs -o ro,size=4k tmpfs "$1"
    echo "$1 cannot be made read-only and is not shown" >&2
  fi
  shift 2
done
mount -o rbind / ${MACHINE_COPY}
mount -o bind "$state" "$state"
mount -o "remount,bind,rw$flags" none "$state"
cd ${DEVICES}
mount -t tmpfs -o mode=755,nosuid,size=64k tmpfs .
cd ${DEVICES}
for name in null zero full random urandom tty; do
  if [ -c "/dev/$name" ]; then : > "$name"; mount -o bind "/dev/$name" "$name"; fi
done
mkdir pts shm
: > termination-log
if [ -d /dev/pts ]; then mount -o rbind /dev/pts pts; fi
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd
for place in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/\${place%:*}" "\${place#*:}"; done
mount -o remount,bind,ro none .
`;

/** The script and its parameters, for the mounts as they are now. Parents come before what is mounted in them. */
export function readOnlyMachine(stateDir: string): { readonly script: string; readonly args: readonly string[] } {
  const mounts = mountPoints();
  const flagsAt = (path: string): string =>
    lockedFlags(mounts, path)
      .map((flag) => `,${flag}`)
      .join('');
  const targets = mounts
    .map(({ target }) => target)
    .filter((target) => target !== '/run' && !OWN.some((own) => target === own || target.startsWith(`${own}/`)))
    .toSorted((a, b) => a.length - b.length);
  return {
    script: READ_ONLY,
    args: [stateDir, flagsAt(stateDir), ...targets.flatMap((path) => [path, flagsAt(path)])],
  };
}

/** Flags that a read-only remount must repeat, because the kernel locks them in a user namespace. */
export function lockedFlags(mounts: readonly MountPoint[], path: string): string[] {
  const covering = mounts
    .filter(({ target }) => path === target || path.startsWith(target === '/' ? '/' : `${target}/`))
    .toSorted((a, b) => a.target.length - b.target.length)
    .at(-1);
  const known = ['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'];
  return covering?.flags.filter((flag) => known.includes(flag)) ?? [];
}
