// The kubeconfig that kubectl would use: --kubeconfig, $KUBECONFIG (several files are merged), ~/.kube/config; credential programs are run.
import { dirname, join, resolve } from 'node:path';

import { parse, stringify } from 'yaml';
import { z } from 'zod';

import { errorText, TrunklineError } from '../base/errors.ts';
import { loadKubeConfig } from '../kube/config.ts';
import type { KubeConnection } from '../kube/connection.ts';
import { inClusterConfig } from '../kube/in-cluster-config.ts';
import { kubeErrors } from '../kube/kube-errors.ts';
import type { CliWorld } from './context.ts';

export interface KubeConfigChoice {
  /** --kubeconfig. */
  readonly file?: string | undefined;
  /** --context. */
  readonly context?: string | undefined;
}

type Named = { readonly name: string } & Readonly<Record<string, unknown>>;

const namedList = z
  .array(z.looseObject({ name: z.string() }))
  .nullish()
  .transform((list): readonly Named[] => list ?? []);
const fileSchema = z.looseObject({
  'current-context': z.string().optional(),
  clusters: namedList,
  contexts: namedList,
  users: namedList,
});
type ConfigFile = z.output<typeof fileSchema>;

/** Keys that hold a file name, relative to the kubeconfig's folder. */
const FILE_KEYS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Throws KUBE-CONFIG-INVALID as `loadKubeConfig` does. Without any kubeconfig the ServiceAccount of a Pod is used, where there is one. As with
 * kubectl the first file that has a name wins, and files of a list that do not exist are left out.
 */
export async function kubeConnection(world: CliWorld, choice: KubeConfigChoice): Promise<KubeConnection> {
  const given = choice.file;
  const listed = (world.env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '');
  const paths = given === undefined ? (listed.length > 0 ? listed : [join(world.home, '.kube', 'config')]) : [given];
  const files: { readonly path: string; readonly text: string }[] = [];
  for (const path of paths) {
    try {
      files.push({ path, text: await world.readFile(path) });
    } catch (error) {
      if (given !== undefined || paths.length === 1) {
        if (given === undefined && listed.length === 0 && (world.env['KUBERNETES_SERVICE_HOST'] ?? '') !== '')
          return inClusterConfig({ env: world.env });
        throw invalid(path, `cannot be read: ${errorText(error)}; name one with --kubeconfig or KUBECONFIG`);
      }
    }
  }
  const shown = files.map((file) => file.path).join(':') || paths.join(':');
  if (files.length === 0) throw invalid(shown, 'none of these files can be read');
  const merged = await withCredentials(world, shown, choice.context, merge(files));
  const context = choice.context;
  return loadKubeConfig({
    path: shown,
    readFile: async (path) => (path === shown ? stringify(merged) : world.readFile(path)),
    ...(context === undefined ? {} : { context }),
  });
}

const invalid = (path: string, problem: string): TrunklineError =>
  new TrunklineError(kubeErrors.configInvalid, `kubeconfig ${path}: ${problem}`, { facts: { path } });

function merge(files: readonly { readonly path: string; readonly text: string }[]): ConfigFile {
  const read = files.map(({ path, text }) => decode(path, text));
  const first = (key: 'clusters' | 'contexts' | 'users'): readonly Named[] => {
    const byName = new Map<string, Named>();
    for (const file of read) for (const entry of file[key]) if (!byName.has(entry.name)) byName.set(entry.name, entry);
    return [...byName.values()];
  };
  const current = read.map((file) => file['current-context']).find((name) => name !== undefined && name !== '');
  return {
    ...(current === undefined ? {} : { 'current-context': current }),
    clusters: first('clusters'),
    contexts: first('contexts'),
    users: first('users'),
  };
}

function decode(path: string, text: string): ConfigFile {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw invalid(path, `not YAML: ${errorText(error).split('\n')[0] ?? ''}`);
  }
  const result = fileSchema.safeParse(document ?? {});
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(path, `${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'not accepted'}`);
  }
  const absolute = (list: readonly Named[], holder: string): readonly Named[] =>
    list.map((entry) => ({ ...entry, [holder]: withAbsoluteFiles(path, entry[holder]) }));
  return {
    ...result.data,
    clusters: absolute(result.data.clusters, 'cluster'),
    users: absolute(result.data.users, 'user'),
  };
}

function withAbsoluteFiles(path: string, holder: unknown): unknown {
  if (typeof holder !== 'object' || holder === null) return holder;
  return Object.fromEntries(
    Object.entries(holder).map(([key, value]) =>
      FILE_KEYS.includes(key) && typeof value === 'string' && value !== ''
        ? [key, resolve(dirname(path), value)]
        : [key, value],
    ),
  );
}

const execSchema = z.looseObject({
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
const credentialSchema = z.looseObject({
  status: z.looseObject({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
  }),
});

/** The chosen context's user with what its credential program (`exec`) printed in place of it. */
async function withCredentials(
  world: CliWorld,
  path: string,
  context: string | undefined,
  config: ConfigFile,
): Promise<ConfigFile> {
  const chosen = config.contexts.find((entry) => entry.name === (context ?? config['current-context']));
  const userName = z.looseObject({ user: z.string() }).safeParse(chosen?.['context']).data?.user;
  const user = config.users.find((entry) => entry.name === userName);
  const holder = z.looseObject({ exec: z.unknown() }).safeParse(user?.['user']).data;
  if (user === undefined || holder?.exec === undefined || holder.exec === null) return config;
  const exec = execSchema.safeParse(holder.exec);
  if (!exec.success) throw invalid(path, `user "${user.name}": exec: expected command, args and env`);
  const { apiVersion, command, args, env } = exec.data;
  const printed = await world
    .runProgram(command, args ?? [], {
      ...world.env,
      ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } }),
    })
    .catch((error: unknown) => {
      throw invalid(path, `user "${user.name}": credential program ${command}: ${errorText(error)}`);
    });
  const status = credentialSchema.safeParse(jsonOf(printed)).data?.status;
  if (status === undefined)
    throw invalid(path, `user "${user.name}": credential program ${command} printed no ExecCredential`);
  const { exec: _, ...rest } = holder;
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const now = {
    ...rest,
    ...(status.token === undefined ? {} : { token: status.token }),
    ...(status.clientCertificateData === undefined
      ? {}
      : { 'client-certificate-data': base64(status.clientCertificateData) }),
    ...(status.clientKeyData === undefined ? {} : { 'client-key-data': base64(status.clientKeyData) }),
  };
  return {
    ...config,
    users: config.users.map((entry) => (entry === user ? { name: entry.name, user: now } : entry)),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
