// Private roots: the machine read through, with fresh or copy-on-write places where programs of a node or a Pod write.
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TrunklineError } from '../../src/base/errors.ts';
import { HOST_ERRORS } from './errors.ts';
import { linkApplets, missingApplets } from './applets.ts';
import { killInRoot } from './kill-in-root.ts';
import { filesMountedInEtc, lockedFlags, mountPoints, PRIVATE_DIRS, ROOTS_DIR, readThroughDirs } from './mounts.ts';
import type { MountPoint } from './mounts.ts';
import type { BindRequest, HelperOptions, MakeRootRequest, WriteFileRequest } from './protocol.ts';
import { resolveInRoot } from './root-paths.ts';
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
  readFile(root: string, path: string): string | undefined;
  /** Throws `HOST-UNKNOWN-ROOT` unless it was made here and not removed. */
  assertKnown(root: string): void;
}

// $1 base directory, $2 project directory or empty, then files of /etc to copy.
// The binds of /run/netns follow the helper's (rslave) but do not lead it: removing a root must not unmount its names.
const MAKE = `
base="$1"; project="$2"; shift 2
mkdir -p "$base/root" "$base/up/etc" "$base/work"
mount -t tmpfs -o mode=755 tmpfs "$base/root"
cd "$base/root"
for entry in /* /.[!.]*; do
  case "$entry" in ${PRIVATE_DIRS.map((name) => `/${name}`).join('|')}) continue;; esac
  if [ -L "$entry" ]; then cp -d "$entry" ".$entry"
  elif [ -d "$entry" ]; then mkdir ".$entry"; mount -o rbind "$entry" ".$entry"; fi
done
mkdir -p etc run/netns run/lock tmp opt var/lib var/log var/tmp var/cache
chmod 1777 tmp var/tmp
ln -s ../run var/run
for file in "$@"; do mkdir -p "$base/up\${file%/*}"; cp "$file" "$base/up$file"; done
mount -t overlay -o "userxattr,lowerdir=/etc,upperdir=$base/up/etc,workdir=$base/work" overlay etc || cp -a /etc/. etc/ 2>/dev/null || true
mount -o rbind /run/netns run/netns
env mount --make-rslave run/netns
if [ -n "$project" ]; then mkdir -p ".$project"; mount -o rbind "$project" ".$project"; fi
`;

// rmdir, never a recursive removal, where machine directories could still be mounted.
const REMOVE = `
umount -l "$1/root"
rmdir "$1/root"
rm -rf "$1/up" "$1/work"
rmdir "$1"
`;

/** Makes nothing by itself; needs the mounts of `setUpMounts`. */
export function createRoots({ options, script }: RootsDeps): Roots {
  const known = new Map<string, { base: string; bindTargets: string[] }>();
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
    createTarget(target, stat.isDirectory());
    // The machine's own mounts do not change; those of roots do.
    const mounts = source.startsWith(`${ROOTS_DIR}/`) ? mountPoints() : machine();
    const readOnly = bind.readOnly === true ? ['remount', 'bind', 'ro', ...lockedFlags(mounts, source)].join(',') : '';
    await run(
      `bind of ${bind.source} to ${bind.target}`,
      'mount -o rbind "$1" "$2"; if [ -n "$3" ]; then mount -o "$3" none "$2"; fi',
      [source, target, readOnly],
    );
  };

  /** Guards the machine: what reads through must not be written by a call that promises a private root. */
  const assertPrivate = (root: string, path: string): void => {
    const inside = `/${resolveInRoot(root, path).slice(root.length).replace(/^\/+/, '')}`;
    const underBind = known
      .get(root)
      ?.bindTargets.some((target) => inside === target || inside.startsWith(`${target}/`));
    const top = inside.split('/')[1] ?? '';
    const underProject = inside === options.projectDir || inside.startsWith(`${options.projectDir}/`);
    if (underBind !== true && (underProject || readThroughDirs().includes(top))) {
      throw new TrunklineError(
        HOST_ERRORS.badRequest,
        `write ${path}: this directory of a root is the machine's own; private are ${PRIVATE_DIRS.join(', ')} and binds`,
      );
    }
  };

  const remove = async (root: string): Promise<void> => {
    assertKnown(root);
    const base = known.get(root)?.base ?? '';
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
      known.set(root, { base, bindTargets: binds.map(({ target }) => target) });
      try {
        await run(`make root ${name}`, MAKE, [
          base,
          projectIsHidden ? options.projectDir : '',
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
      assertPrivate(root, path);
      const outside = resolveInRoot(root, path);
      mkdirSync(dirname(outside), { recursive: true });
      // A new file that takes the old one's place: one of the machine's own files belongs to somebody that an ordinary user cannot write as.
      const fresh = `${outside}.trunkline-new`;
      writeFileSync(fresh, Buffer.from(base64, 'base64'), mode === undefined ? {} : { mode });
      renameSync(fresh, outside);
    },

    readFile: (root, path) => {
      assertKnown(root);
      const outside = resolveInRoot(root, path);
      return lstatSync(outside, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(outside, 'utf8');
    },
  };
}

function createTarget(target: string, directory: boolean): void {
  if (directory) {
    mkdirSync(target, { recursive: true });
  } else if (!existsSync(target)) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, '');
  }
}
