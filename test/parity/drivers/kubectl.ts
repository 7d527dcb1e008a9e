// The kubectl driver: the real kubectl of this machine, with a home and a kubeconfig of its own.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeconfigYaml } from '../../../lab/kube/apiserver/kubeconfig.ts';

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  /** Without kubectl's own version-skew warning. */
  readonly stderr: string;
}

export interface KubectlDriver {
  /** Runs a command line (split at blanks when it is a string); never throws for an exit code. */
  run(args: string | readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** As `run`, but throws with stderr unless the exit code is 0; resolves to stdout. */
  ok(args: string | readonly string[], options?: KubectlOptions): Promise<string>;
}

export interface KubectlOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: the case's namespace. */
  readonly namespace?: string;
}

/** One per server; `inNamespace` gives the driver of a case. */
export interface KubectlHome {
  /** What `kubectl version --client` calls itself, for example `v1.33.1`. */
  readonly version: string;
  inNamespace(namespace: string): KubectlDriver;
  close(): Promise<void>;
}

const COMMAND_MS = 30_000;

/** `undefined` when there is no kubectl on `path`. */
export async function findKubectl(
  path: string,
  server: { readonly url: string; readonly caPem: string; readonly token: string },
): Promise<KubectlHome | undefined> {
  const home = await mkdtemp(join(tmpdir(), 'parity-kubectl-'));
  const kubeconfig = join(home, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigYaml({ server: server.url, caPem: server.caPem, token: server.token }), {
    mode: 0o600,
  });
  const close = (): Promise<void> => rm(home, { recursive: true, force: true });
  const exec = (args: readonly string[], { stdin, env, cwd }: KubectlOptions): Promise<KubectlResult> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        'kubectl',
        [...args],
        {
          env: { PATH: path, HOME: home, KUBECONFIG: kubeconfig, ...env },
          timeout: COMMAND_MS,
          cwd,
          maxBuffer: 64 * 1024 * 1024,
        },
        (error, stdout, stderr) => {
          if (error !== null && typeof error.code !== 'number') reject(error);
          else
            resolve({
              code: error === null ? 0 : Number(error.code),
              stdout,
              stderr: stderr.replaceAll(/^WARNING: version difference.*\n/gm, ''),
            });
        },
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(stdin ?? '');
    });
  try {
    const { stdout } = await exec(['version', '--client', '-o', 'json'], {});
    const { clientVersion } = JSON.parse(stdout) as { clientVersion: { gitVersion: string } };
    return {
      version: clientVersion.gitVersion,
      close,
      inNamespace: (namespace) => {
        const run: KubectlDriver['run'] = (args, options = {}) =>
          exec(
            [...(typeof args === 'string' ? args.split(' ') : args), `--namespace=${options.namespace ?? namespace}`],
            options,
          );
        return {
          run,
          async ok(args, options) {
            const { code, stdout: output, stderr } = await run(args, options);
            if (code !== 0) throw new Error(`kubectl ${String(args)}: exit code ${code}: ${stderr}`);
            return output;
          },
        };
      },
    };
  } catch (error) {
    await close();
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
