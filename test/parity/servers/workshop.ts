// What every server from binaries needs: a folder, certificates, an administrator's token and an empty etcd, all undone together.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../lab/free-port.ts';
import { createServingCertificates } from '../../../lab/kube/apiserver/access/certificates.ts';
import type { ServingCertificates } from '../../../lab/kube/apiserver/access/certificates.ts';
import { startProgram, untilHealthy } from './program.ts';
import type { Program } from './program.ts';

export const ADMINISTRATOR_TOKEN = 'parity-administrator';

export interface Workshop {
  readonly certificates: ServingCertificates;
  /** Paths of the certificates and of the token file, as both kinds of API server take them. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string; readonly tokens: string };
  readonly etcdUrl: string;
  /** Writes a file that only the owner reads; its path. */
  file(name: string, content: string): Promise<string>;
  /** Starts a binary of the folder; it ends with the workshop. */
  start(name: string, args: readonly string[]): Promise<Program>;
  /** etcd forgets every version but the newest. */
  compact(): Promise<void>;
}

/** Starts the `etcd` of `folder`. Everything is undone by `stack`. Rejects with the end of etcd's log when it ends. */
export async function openWorkshop(folder: string, stack: AsyncDisposableStack): Promise<Workshop> {
  const home = await mkdtemp(join(tmpdir(), 'parity-control-plane-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const certificates = await createServingCertificates(new Date(), [
    '127.0.0.1',
    'localhost',
    'kubernetes.default.svc',
  ]);
  const file: Workshop['file'] = async (name, content) => {
    const path = join(home, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const start: Workshop['start'] = async (name, args) => {
    const program = await startProgram(join(folder, name), args, join(home, `${name}.log`));
    stack.defer(() => program.stop());
    return program;
  };
  const etcdUrl = `http://127.0.0.1:${await freePort()}`;
  const etcd = await start('etcd', [
    `--data-dir=${join(home, 'etcd')}`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${await freePort()}`,
    '--unsafe-no-fsync',
  ]);
  await untilHealthy(etcd, () => fetch(`${etcdUrl}/health`).then((response) => response.ok));
  return {
    certificates,
    files: {
      ca: await file('ca.crt', certificates.caPem),
      cert: await file('server.crt', certificates.certPem),
      key: await file('server.key', certificates.keyPem),
      tokens: await file('tokens.csv', `${ADMINISTRATOR_TOKEN},administrator,administrator,"system:masters"\n`),
    },
    etcdUrl,
    file,
    start,
    compact: () => compactEtcd(etcdUrl),
  };
}

/** etcd's JSON gateway: read the revision, compact to it. */
async function compactEtcd(etcdUrl: string): Promise<void> {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const { header } = (await post('range', { key: Buffer.from('compact').toString('base64') })) as {
    header: { revision: string };
  };
  await post('compaction', { revision: header.revision, physical: true });
}
