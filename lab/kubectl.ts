// The real kubectl, when the machine has one that is new enough.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import type { ExecResult } from './host/types.ts';

/** Debian 12's own is older and lacks flags that the documents use. */
const OLDEST_MINOR = 30;

const version = z.object({ clientVersion: z.object({ gitVersion: z.string(), minor: z.string() }) });

export type Kubectl =
  | {
      readonly kind: 'present';
      readonly version: string;
      run(...args: string[]): Promise<ExecResult>;
      /** `kubectl edit` with an editor that runs `sed -i` with one expression. */
      edit(expression: string, ...args: string[]): Promise<ExecResult>;
    }
  /** `reason` says what is missing and from when on it would do. */
  | { readonly kind: 'absent'; readonly reason: string };

/** Looks for kubectl in PATH; its commands go to the cluster of `kubeconfig`. */
export async function findKubectl(
  kubeconfig: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Kubectl> {
  const run = (...args: string[]): Promise<ExecResult> => execute('kubectl', args, { ...env, KUBECONFIG: kubeconfig });
  const asked = await run('version', '--client', '--output=json');
  const decoded = asked.code === 0 ? version.safeParse(JSON.parse(asked.stdout)) : undefined;
  if (decoded?.success !== true)
    return {
      kind: 'absent',
      reason: `kubectl is not installed; the documents' commands need 1.${OLDEST_MINOR} or newer`,
    };
  const { gitVersion, minor } = decoded.data.clientVersion;
  if (Number.parseInt(minor, 10) < OLDEST_MINOR)
    return { kind: 'absent', reason: `kubectl ${gitVersion} is older than 1.${OLDEST_MINOR}` };
  return { kind: 'present', version: gitVersion, run, edit: editWith(kubeconfig, env) };
}

function editWith(kubeconfig: string, env: Readonly<Record<string, string | undefined>>) {
  return async (expression: string, ...args: string[]): Promise<ExecResult> => {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-editor-'));
    try {
      const script = join(folder, 'editor.sh');
      await writeFile(script, `#!/bin/sh\nexec sed -i -e '${expression.replaceAll("'", "'\\''")}' "$1"\n`, {
        mode: 0o700,
      });
      // What kubectl keeps of a refused edit goes with the folder.
      const edited = { ...env, KUBECONFIG: kubeconfig, KUBE_EDITOR: script, TMPDIR: folder };
      return await execute('kubectl', ['edit', ...args], edited);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function execute(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ExecResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env } });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
    child.on('error', (error) => resolve({ code: 127, stdout: '', stderr: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, ...text }));
  });
}
