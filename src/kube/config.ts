// Kubernetes credentials from a kubeconfig file: our own small reader, since only a few of its keys are honoured.
import { readFile as readFileFromDisk } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { KubeAuth, KubeConnection } from './connection.ts';
import { kubeErrors } from './kube-errors.ts';

export { inClusterConfig } from './in-cluster-config.ts';
export type { KubeAuth, KubeConnection } from './connection.ts';

const text = z.string();
const clusterSchema = z.object({
  server: z.string({ error: 'expected the URL of the API server' }),
  'certificate-authority': text.optional(),
  'certificate-authority-data': text.optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': text.optional(),
  'proxy-url': text.optional(),
});
const userSchema = z.object({
  'client-certificate': text.optional(),
  'client-certificate-data': text.optional(),
  'client-key': text.optional(),
  'client-key-data': text.optional(),
  token: text.optional(),
  tokenFile: text.optional(),
  username: text.optional(),
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
});
const contextSchema = z.object({ cluster: text, user: text.optional(), namespace: text.optional() });
// kubectl writes an empty list, or an entry without keys, as null.
const kubeConfigSchema = z.object({
  'current-context': text.optional(),
  clusters: z.array(z.object({ name: text, cluster: clusterSchema.nullish() })).nullish(),
  contexts: z.array(z.object({ name: text, context: contextSchema.nullish() })).nullish(),
  users: z.array(z.object({ name: text, user: userSchema.nullish() })).nullish(),
});
type Cluster = z.output<typeof clusterSchema>;
type User = z.output<typeof userSchema>;

/** What `loadKubeConfig` reads. */
export interface LoadKubeConfigOptions {
  /** The file; one file, not a list. Relative file names in it are relative to its folder. */
  readonly path: string;
  /** Default: the disk. */
  readonly readFile?: (path: string) => Promise<string>;
  /** Default: the file's `current-context`. */
  readonly context?: string;
}

/**
 * The connection of a kubeconfig's current context. Honoured: server, certificate-authority(-data), insecure-skip-tls-verify, tls-server-name,
 * namespace, client-certificate(-data), client-key(-data), token, tokenFile. Throws KUBE-CONFIG-INVALID with one line that says which file, which
 * key, and what is right; authentication by program (exec, auth-provider), password or proxy is refused by the user's name.
 */
export async function loadKubeConfig(options: LoadKubeConfigOptions): Promise<KubeConnection> {
  const source: Source = {
    path: options.path,
    readFile: options.readFile ?? ((path) => readFileFromDisk(path, 'utf8')),
  };
  const config = await decode(source.path, await readText(source, source.path, 'kubeconfig'));
  const contextName = options.context ?? config['current-context'];
  if (contextName === undefined || contextName === '')
    throw invalid(source.path, 'current-context is not set: expected the name of one of its contexts');
  const context = named(source.path, 'context', contextName, config.contexts ?? []).context;
  if (context == null) throw invalid(source.path, `context "${contextName}" is empty: expected cluster and user`);
  const cluster = named(source.path, 'cluster', context.cluster, config.clusters ?? []).cluster;
  if (cluster == null) throw invalid(source.path, `cluster "${context.cluster}" is empty: expected server`);
  const user =
    context.user === undefined ? {} : (named(source.path, 'user', context.user, config.users ?? []).user ?? {});
  refuseUnsupported(source.path, context.cluster, cluster, context.user ?? '', user);
  const caPem = await pem(source, `cluster "${context.cluster}"`, 'certificate-authority', cluster);
  return {
    server: serverUrl(source.path, context.cluster, cluster.server),
    ...(caPem === undefined ? {} : { caPem }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { skipTlsVerify: true } : {}),
    ...(cluster['tls-server-name'] === undefined ? {} : { tlsServerName: cluster['tls-server-name'] }),
    ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
    auth: await authOf(source, context.user ?? '', user),
  };
}

interface Source {
  readonly path: string;
  readonly readFile: (path: string) => Promise<string>;
}

function invalid(path: string, problem: string, cause?: unknown): TrunklineError {
  return new TrunklineError(kubeErrors.configInvalid, `kubeconfig ${path}: ${problem}`, { cause, facts: { path } });
}

async function readText(source: Source, path: string, what: string): Promise<string> {
  try {
    return await source.readFile(path);
  } catch (error) {
    throw invalid(source.path, `${what} cannot be read: ${errorText(error)}`, error);
  }
}

async function decode(path: string, content: string): Promise<z.output<typeof kubeConfigSchema>> {
  // A program in a Pod has no kubeconfig, and need not keep what reads one.
  const { parse: parseYaml } = await import('yaml');
  let document: unknown;
  try {
    document = parseYaml(content);
  } catch (error) {
    throw invalid(path, `not YAML: ${errorText(error).split('\n')[0] ?? ''}`, error);
  }
  const result = kubeConfigSchema.safeParse(document);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the document' : issue.path.join('.');
  throw invalid(path, `${where}: ${issue?.message ?? 'not accepted'}`);
}

function named<T extends { readonly name: string }>(path: string, what: string, name: string, list: readonly T[]): T {
  const found = list.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const known = list.map((entry) => entry.name).join(', ');
  throw invalid(
    path,
    `${what} "${name}" is not in the file: ${known === '' ? `it has no ${what}s` : `known are ${known}`}`,
  );
}

function refuseUnsupported(path: string, clusterName: string, cluster: Cluster, userName: string, user: User): void {
  const alternatives = 'supported are client-certificate, client-key, token and tokenFile';
  if (user.exec !== undefined)
    throw invalid(path, `user "${userName}" uses an exec plugin, which is not supported; ${alternatives}`);
  if (user['auth-provider'] !== undefined)
    throw invalid(path, `user "${userName}" uses an auth-provider, which is not supported; ${alternatives}`);
  if (user.username !== undefined)
    throw invalid(path, `user "${userName}" uses a password, which is not supported; ${alternatives}`);
  if (cluster['proxy-url'] !== undefined)
    throw invalid(
      path,
      `cluster "${clusterName}" has a proxy-url, which is not supported; remove it or use a context without it`,
    );
}

function serverUrl(path: string, clusterName: string, server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw invalid(
      path,
      `cluster "${clusterName}": server is "${server}", expected https://host:port or http://host:port`,
    );
  return server.replace(/\/+$/, '');
}

/** The PEM text behind `key` (a file) or `key-data` (base64); `-data` wins, as in kubectl. */
async function pem(
  source: Source,
  owner: string,
  key: string,
  holder: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const data = holder[`${key}-data`];
  if (typeof data === 'string' && data !== '')
    return pemText(source, `${owner}: ${key}-data`, Buffer.from(data, 'base64').toString('utf8'), 'base64 of PEM text');
  const file = holder[key];
  if (typeof file !== 'string' || file === '') return undefined;
  const where = resolve(dirname(source.path), file);
  return pemText(
    source,
    `${owner}: ${key} ${where}`,
    await readText(source, where, `${owner}: ${key} ${where}`),
    'PEM text',
  );
}

function pemText(source: Source, where: string, content: string, expected: string): string {
  if (content.includes('-----BEGIN ')) return content;
  throw invalid(source.path, `${where}: expected ${expected} (-----BEGIN ...)`);
}

async function authOf(source: Source, userName: string, user: User): Promise<KubeAuth> {
  const owner = `user "${userName}"`;
  const certPem = await pem(source, owner, 'client-certificate', user);
  const keyPem = await pem(source, owner, 'client-key', user);
  if ((certPem === undefined) !== (keyPem === undefined))
    throw invalid(
      source.path,
      `${owner} has only ${certPem === undefined ? 'client-key' : 'client-certificate'}: expected both client-certificate and client-key`,
    );
  const readToken = tokenReader(source, owner, user);
  if (readToken !== undefined && user.token === undefined) await readToken();
  return {
    ...(certPem === undefined || keyPem === undefined ? {} : { clientCertificate: { certPem, keyPem } }),
    ...(readToken === undefined ? {} : { readToken }),
  };
}

// kubectl prefers tokenFile over token when both are set.
function tokenReader(source: Source, owner: string, user: User): (() => Promise<string>) | undefined {
  const { token, tokenFile } = user;
  if (tokenFile !== undefined) {
    const where = resolve(dirname(source.path), tokenFile);
    return async () => (await readText(source, where, `${owner}: tokenFile ${where}`)).trim();
  }
  return token === undefined ? undefined : () => Promise.resolve(token.trim());
}
