// Runs the real kubectl of this machine against a test server, with a home of its own.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiServer } from '../index.ts';

export interface Kubectl {
  /** Runs a command line, `stdin` piped in; never throws for an exit code. */
  run(
    args: readonly string[],
    stdin?: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  close(): Promise<void>;
}

/** Is there no kubectl on the PATH? In CI it is never missing: there the tests that need it run, and fail without it. */
export function kubectlIsMissing(environment: { readonly ci: boolean }): boolean {
  return !environment.ci && spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).error !== undefined;
}

/** `path` is the PATH to find kubectl on. */
export async function createKubectl(api: ApiServer, path: string): Promise<Kubectl> {
  const home = await mkdtemp(join(tmpdir(), 'kubectl-test-'));
  const kubeconfig = join(home, 'kubeconfig');
  await writeFile(kubeconfig, api.adminKubeconfig(), { mode: 0o600 });
  const env = { PATH: path, HOME: home, KUBECONFIG: kubeconfig };
  return {
    run: (args, stdin) =>
      new Promise((resolve, reject) => {
        const child = execFile('kubectl', [...args], { env, timeout: 15_000 }, (error, stdout, stderr) => {
          if (error !== null && typeof error.code !== 'number') reject(error);
          else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
        child.stdin?.end(stdin ?? '');
      }),
    close: () => rm(home, { recursive: true, force: true }),
  };
}
