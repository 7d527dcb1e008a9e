// Private roots: the machine read through and copied on write, so that whatever a program of a node or a Pod does to its files ends with it.
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText, TrunklineError } from '../../src/base/errors.ts';
import { HOST_ERRORS } from './errors.ts';
import { linkApplets, missingApplets } from './applets.ts';
import { killInRoot } from './kill-in-root.ts';
import { filesMountedInEtc, mountPoints } from './mount-points.ts';
import type { MountPoint } from './mount-points.ts';
import { ROOTS_DIR } from './mounts.ts';
import type { BindRequest, HelperOptions, MakeRootRequest, WriteFileRequest } from './protocol.ts';
import { DEVICES, lockedFlags, MACHINE_COPY } from './read-only-machine.ts';
import { resolveInRoot } from './root-paths.ts';
import { PRIVATE_DIRS, topEntries } from './top-entries.ts';
import type { ExecResult } from './types.ts';

/** What roots are made with. */
export interface RootsDeps {
  readonly options: HelperOptions;
  /** Runs a busybox shell script with positional parameters, to the end. */
  readonly script: (text: string, args: readonly string[]) => Promise<ExecResult>;
}

/** The helper's roots, by the handle that `make` gives: the directory where the root is mounted. */
export interface Roots {
  make(request: MakeRootRequest): Promise<string>;
  remove(root: string): Promise<void>;
  writeFile(request: WriteFileRequest): void;
  readFile(root: string, path: string, maxBytes?: number): string | undefined;
  /** Throws `HOST-UNKNOWN-ROOT` unless it was made here and not removed. */
  assertKnown(root: string): void;
}

// $1 base directory, $2 project directory or empty, then the root's top directories (see `topEntries`), "--", and files of /etc to copy.
// What a directory is copied on write into lies beside the root, on the helper's tmpfs; where the kernel refuses that, it is read-only.
// The binds of /run/netns follow the helper's (rslave) but do not lead it: removing a root must not unmount its names.
const MAKE = `
base="$1"; project="$2"; shift 2
mkdir -p "$base/root" "$base/up" "$base/work" "$base/shm"
mount -t tmpfs -o mode=755,nodev tmpfs "$base/root"
cd "$base/root"
layer() { mkdir "$base/work/$1"; mount -t overlay -o "nodev,userxattr,lowerdir=/$1,upperdir=$base/up/$1,workdir=$base/work/$1" overlay "$1" 2>/dev/null; }
mkdir etc "$base/up/etc" proc dev
while [ "$1" != -- ]; do
  case "$1" in
    link) cp -d "/$3" "$3";;
    read) mkdir "$3"; mount -o rbind "${MACHINE_COPY}/$3" "$3";;
    copy) mkdir -m "$2" "$3" "$base/up/$3"; layer "$3" || mount -o rbind "${MACHINE_COPY}/$3" "$3";;
  esac
  shift 3
done
shift
for file in "$@"; do mkdir -p "$base/up\${file%/*}"; cp "$file" "$base/up$file"; done
layer etc || cp -a /etc/. etc/ 2>/dev/null || true
mount -o rbind /proc proc
mount -o rbind ${DEVICES} dev
mount -o bind "$base/shm" dev/shm
: > "$base/termination-log"
mount -o bind "$base/termination-log" dev/termination-log
mkdir -p run/netns run/lock tmp opt var/lib var/log var/tmp var/cache
chmod 1777 tmp var/tmp dev/shm
ln -s ../run var/run
mount -o rbind /run/netns run/netns
env mount --make-rslave run/netns
if [ -n "$project" ]; then mkdir -p ".$project"; mount -o rbind "${MACHINE_COPY}$project" ".$project"; fi
`;

// rmdir, never a recursive removal, where machine directories could still be mounted.
const REMOVE = `
umount -l "$1/root"
rmdir "$1/root"
rm -rf "$1/up" "$1/work" "$1/shm" "$1/termination-log"
rmdir "$1"
`;

/** Makes nothing by itself; needs the mounts of `setUpMounts`. */
export function createRoots({ options, script }: RootsDeps): Roots {
  const known = new Map<string, string>();
  const applets = missingApplets();
  const projectIsHidden = PRIVATE_DIRS.some((name) => options.projectDir.startsWith(`/${name}/`));

  const seen: { machine?: readonly MountPoint[] } = {};
  /** As it was before the first root. */
  const machine = (): readonly MountPoint[] => (seen.machine ??= mountPoints());

  const assertKnown = (root: string): void => {
    if (!known.has(root)) throw new TrunklineError(HOST_ERRORS.unknownRoot, `root ${root}: not made here, or removed`);
  };

  const run = async (what: string, text: string, args: readonly string[]): Promise<void> => {
    const result = await script(text, args);
    if (result.code !== 0) throw new TrunklineError(HOST_ERRORS.command, `${what}: ${result.stderr.trim()}`);
  };

  const bindInto = async (root: string, bind: BindRequest): Promise<void> => {
    if (bind.sourceRoot !== undefined) assertKnown(bind.sourceRoot);
    const source = bind.sourceRoot === undefined ? bind.source : resolveInRoot(bind.sourceRoot, bind.source);
    const target = resolveInRoot(root, bind.target);
    const stat = statSync(source, { throwIfNoEntry: false });
    if (stat === undefined) {
      throw new TrunklineError(
        HOST_ERRORS.badRequest,
        `bind of ${bind.source} to ${bind.target}: the source does not exist`,
      );
    }
    writing(`bind of ${bind.source} to ${bind.target}`, () => createTarget(target, stat.isDirectory()));
    // The machine's own mounts do not change; those of roots do.
    const mounts = source.startsWith(`${ROOTS_DIR}/`) ? mountPoints() : machine();
    const readOnly = bind.readOnly === true ? ['remount', 'bind', 'ro', ...lockedFlags(mounts, source)].join(',') : '';
    await run(
      `bind of ${bind.source} to ${bind.target}`,
      'mount -o rbind "$1" "$2"; if [ -n "$3" ]; then mount -o "$3" none "$2"; fi',
      [source, target, readOnly],
    );
  };

  const remove = async (root: string): Promise<void> => {
    assertKnown(root);
    const base = known.get(root) ?? '';
    known.delete(root);
    killInRoot(root);
    await run(`remove root ${root}`, REMOVE, [base]);
  };

  return {
    assertKnown,
    remove,

    make: async ({ name, binds }) => {
      const base = join(ROOTS_DIR, name);
      const root = join(base, 'root');
      if (existsSync(base)) throw new TrunklineError(HOST_ERRORS.badRequest, `root ${name}: exists already`);
      machine();
      mkdirSync(base);
      known.set(root, base);
      try {
        await run(`make root ${name}`, MAKE, [
          base,
          projectIsHidden ? options.projectDir : '',
          ...topEntries(machine().filter(({ target }) => !isWithin(options.stateDir, target))),
          '--',
          ...filesMountedInEtc(machine()),
        ]);
        linkApplets(root, applets);
        for (const bind of binds) await bindInto(root, bind);
      } catch (error) {
        // The first failure is the one to tell; what it left behind goes with the helper at the latest.
        await remove(root).catch(() => undefined);
        throw error;
      }
      return root;
    },

    writeFile: ({ root, path, base64, mode }) => {
      assertKnown(root);
      const outside = resolveInRoot(root, path);
      writing(`write ${path}`, () => {
        mkdirSync(dirname(outside), { recursive: true });
        // A new file that takes the old one's place: one of the machine's own files belongs to somebody that an ordinary user cannot write as.
        const fresh = `${outside}.trunkline-new`;
        writeFileSync(fresh, Buffer.from(base64, 'base64'), mode === undefined ? {} : { mode });
        renameSync(fresh, outside);
      });
    },

    readFile: (root, path, maxBytes = Number.POSITIVE_INFINITY) => {
      assertKnown(root);
      const outside = resolveInRoot(root, path);
      const found = lstatSync(outside, { throwIfNoEntry: false });
      return found?.isFile() === true ? readStart(outside, Math.min(maxBytes, found.size)) : undefined;
    },
  };
}

/** What the machine's own files refuse, told in the words of the root. */
function writing(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : errorText(error);
    throw new TrunklineError(
      HOST_ERRORS.badRequest,
      `${what}: ${REFUSALS[reason] ?? errorText(error)}; always writable are ${ALWAYS_WRITABLE} and binds`,
      { cause: error },
    );
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  EROFS: "this directory is the machine's own and read-only",
  EACCES: "this directory is the machine's own, and its files are not this user's",
};

const ALWAYS_WRITABLE = '/run, /tmp, /opt, /var and /etc';

const isWithin = (directory: string, path: string): boolean => path === directory || path.startsWith(`${directory}/`);

/** Files of the kernel say nothing of their size. */
function readStart(path: string, bytes: number): string {
  if (bytes === 0) return readFileSync(path, 'utf8');
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('utf8', 0, readSync(file, buffer, 0, bytes, 0));
  } finally {
    closeSync(file);
  }
}

function createTarget(target: string, directory: boolean): void {
  if (directory) {
    mkdirSync(target, { recursive: true });
  } else if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, '');
  }
}
