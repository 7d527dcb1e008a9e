// Where a running lab writes down how to reach it, so that other terminals (and the next start) find it.
import { rmSync } from 'node:fs';
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { z } from 'zod';

const schema = z.object({
  pid: z.int(),
  helperPid: z.int().nullable(),
  rootless: z.boolean(),
  stateDir: z.string(),
  kubeconfig: z.string(),
  cloud: z.object({ endpoint: z.string(), secretId: z.string(), secretKey: z.string(), region: z.string() }),
  nodes: z.array(z.object({ name: z.string(), kind: z.string(), netns: z.string().nullable() })),
});

export type LabState = z.infer<typeof schema>;

/** Which lab of a project: several may run side by side under different names. */
export interface LabId {
  readonly projectDir: string;
  readonly name: string;
}

export const stateFileOf = ({ projectDir, name }: LabId): string => join(projectDir, '.lab', `${name}.json`);

const claimFileOf = ({ projectDir, name }: LabId): string => join(projectDir, '.lab', `${name}.starting`);

/**
 * Takes the name for this process before anything is started, so that of two starts at once only one goes on. Resolves to the process that
 * has it already, else to nothing. Given back by `removeState`, and free again when that process is gone.
 */
export async function claimName(id: LabId): Promise<number | undefined> {
  const file = claimFileOf(id);
  for (;;) {
    await mkdir(dirname(file), { recursive: true });
    try {
      await writeFile(file, `${process.pid}\n`, { flag: 'wx' });
      return undefined;
    } catch (error) {
      // The folder may have gone between both calls, with the lab that was the last in it.
      if (!isCode(error, 'EEXIST') && !isCode(error, 'ENOENT')) throw error;
    }
    const holder = await startingProcess(id);
    if (holder !== undefined && holder !== process.pid) return holder;
    await rm(file, { force: true });
  }
}

/** The process that starts a lab of this name, or runs it. */
export async function startingProcess(id: LabId): Promise<number | undefined> {
  const text = await readFile(claimFileOf(id), 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : undefined;
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Without giving the loop a turn. */
export function removeStateAtOnce(id: LabId): void {
  for (const file of [stateFileOf(id), claimFileOf(id)]) rmSync(file, { force: true });
}

export async function writeState(id: LabId, state: LabState): Promise<void> {
  const file = stateFileOf(id);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** Also removes the folder when no other lab is noted in it. */
export async function removeState(id: LabId): Promise<void> {
  const file = stateFileOf(id);
  await rm(file, { force: true });
  await rm(claimFileOf(id), { force: true });
  await rmdir(dirname(file)).catch(() => undefined);
}

/** The running lab, or nothing. A file left by a lab that was killed is cleaned up with the folder it names. */
export async function readState(id: LabId): Promise<LabState | undefined> {
  const text = await readFile(stateFileOf(id), 'utf8').catch(() => undefined);
  // One that is starting has none yet.
  if (text === undefined) return undefined;
  const decoded = schema.safeParse(parseJson(text));
  if (decoded.success && isAlive(decoded.data.pid)) return decoded.data;
  if (decoded.success && /trunkline-lab-/.test(decoded.data.stateDir))
    await rm(decoded.data.stateDir, { recursive: true, force: true });
  await removeState(id);
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a process of this pid exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
