// One server per data directory: a lock file that names the process that holds it.
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Takes the lock and gives the way to release it. Rejects, naming the holder, when a living process has it. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'lock');
  for (;;) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(`${process.pid} ${await startOf(process.pid)}\n`);
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    }
    const [holder, started] = holderIn(await readFile(path, 'utf8').catch(() => ''));
    // A number alone may be another process's by now.
    if (isAlive(holder) && (await startOf(holder)) === started)
      throw new Error(`${dataDir} is in use by process ${holder}; stop it, or give another data directory`);
    // Left behind by a process that ended without releasing it.
    await rm(path, { force: true });
  }
}

const holderIn = (content: string): readonly [number, string] => {
  const [pid = '', started = ''] = content.trim().split(' ');
  return [Number(pid), started];
};

/** When a process started, in the kernel's own count; '' where the kernel does not say. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the program's name in parentheses, which may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
