// The real kubectl, when the machine has one that is new enough.
import { spawn } from 'node:child_process';

import { z } from 'zod';

import type { ExecResult } from './host/types.ts';

/** Debian 12's own is older and lacks flags that the documents use. */
const OLDEST_MINOR = 30;

const version = z.object({ clientVersion: z.object({ gitVersion: z.string(), minor: z.string() }) });

export type Kubectl =
  | { readonly kind: 'present'; readonly version: string; run(...args: string[]): Promise<ExecResult> }
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
  return { kind: 'present', version: gitVersion, run };
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
