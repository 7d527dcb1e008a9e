// Where a running lab writes down how to reach it, so that other terminals (and the next start) find it.
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

export async function writeState(id: LabId, state: LabState): Promise<void> {
  const file = stateFileOf(id);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}

/** Also removes the folder when no other lab is noted in it. */
export async function removeState(id: LabId): Promise<void> {
  const file = stateFileOf(id);
  await rm(file, { force: true });
  await rmdir(dirname(file)).catch(() => undefined);
}

/** The running lab, or nothing. A file left by a lab that was killed is cleaned up with the folder it names. */
export async function readState(id: LabId): Promise<LabState | undefined> {
  const text = await readFile(stateFileOf(id), 'utf8').catch(() => undefined);
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
