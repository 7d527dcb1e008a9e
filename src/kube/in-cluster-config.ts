// Kubernetes credentials of a program that runs in a Pod: its ServiceAccount's token and certificate authority.
import { readFile as readFileFromDisk } from 'node:fs/promises';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { KubeConnection } from './connection.ts';
import { kubeErrors } from './kube-errors.ts';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What `inClusterConfig` reads. */
export interface InClusterOptions {
  /** The process's environment: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: the disk. */
  readonly readFile?: (path: string) => Promise<string>;
  /** Default: /var/run/secrets/kubernetes.io/serviceaccount. */
  readonly folder?: string;
}

/**
 * The connection of a Pod's own ServiceAccount. The token file is read again as the kubelet rotates it. Throws KUBE-CONFIG-INVALID with one
 * line when a variable or a file is missing.
 */
export async function inClusterConfig(options: InClusterOptions): Promise<KubeConnection> {
  const folder = options.folder ?? FOLDER;
  const readFile = options.readFile ?? ((path: string) => readFileFromDisk(path, 'utf8'));
  const host = variable(options.env, 'KUBERNETES_SERVICE_HOST');
  const port = variable(options.env, 'KUBERNETES_SERVICE_PORT');
  const readToken = async (): Promise<string> => (await readText(readFile, `${folder}/token`)).trim();
  await readToken();
  const namespace = await readFile(`${folder}/namespace`).catch(() => undefined);
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caPem: await readText(readFile, `${folder}/ca.crt`),
    ...(namespace === undefined ? {} : { namespace: namespace.trim() }),
    auth: { readToken },
  };
}

function variable(env: InClusterOptions['env'], name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new TrunklineError(
    kubeErrors.configInvalid,
    `in-cluster credentials: environment variable ${name} is not set: expected inside a Pod; outside, give --kubeconfig`,
  );
}

async function readText(readFile: (path: string) => Promise<string>, path: string): Promise<string> {
  try {
    const content = await readFile(path);
    if (content.trim() !== '') return content;
  } catch (error) {
    throw new TrunklineError(
      kubeErrors.configInvalid,
      `in-cluster credentials: ${path} cannot be read: ${errorText(error)}`,
      { cause: error },
    );
  }
  throw new TrunklineError(
    kubeErrors.configInvalid,
    `in-cluster credentials: ${path} is empty: expected the ServiceAccount volume`,
  );
}
