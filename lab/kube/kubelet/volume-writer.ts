// Writes the files of a volume so that a program sees all of them old or all of them new, as the kubelet lays such volumes out:
// NAME -> ..data/NAME, and ..data -> the folder of one version.
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VolumeFile } from './volume-files.ts';

const DATA = '..data';

/** Makes `directory` hold exactly `files`; nothing is touched when it does already. A file bound by `subPath` keeps its old content. */
export async function writeVolume(directory: string, files: readonly VolumeFile[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const before = await readlink(join(directory, DATA)).catch(() => undefined);
  if (before !== undefined && (await holdsExactly(join(directory, before), files))) return;
  const version = await mkdtemp(`${directory}/..`);
  await chmod(version, 0o755);
  for (const { path, content, mode } of files) {
    const file = join(version, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    // The mode given when a file is made is cut by the umask.
    await chmod(file, mode);
  }
  await swapLink(join(directory, DATA), version.slice(directory.length + 1));
  const names = new Set(files.map(({ path }) => path.split('/')[0] ?? ''));
  const there = await readdir(directory);
  for (const name of names) if (!there.includes(name)) await symlink(join(DATA, name), join(directory, name));
  for (const name of there)
    if (!name.startsWith('..') && !names.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  if (before !== undefined) await rm(join(directory, before), { recursive: true, force: true });
}

/** One rename, so that there is a version at every moment. */
async function swapLink(link: string, target: string): Promise<void> {
  const fresh = `${link}_tmp`;
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, link);
}

async function holdsExactly(version: string, files: readonly VolumeFile[]): Promise<boolean> {
  const entries = await readdir(version, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.filter((entry) => entry.isFile()).length !== files.length) return false;
  const same = await Promise.all(
    files.map(async ({ path, content }) => {
      const present = await readFile(join(version, path)).catch(() => undefined);
      return present?.equals(content) === true;
    }),
  );
  return same.every(Boolean);
}
