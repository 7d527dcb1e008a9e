// A lab on a server that is not its own: the embedded one, reached by kubeconfig, stands in for any cluster.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { serviceAccounts } from '../../../src/kube/resources.ts';
import { startApiServer } from '../apiserver/index.ts';
import type { ApiServer } from '../apiserver/index.ts';
import { chooseApi } from '../cluster-api.ts';
import type { ClusterApi } from '../cluster-api.ts';
import { startBinaries } from './binaries.ts';
import { openKubeconfig } from './kubeconfig.ts';

let server: ApiServer;
let folder: string;
let api: ClusterApi;

beforeAll(async () => {
  server = await startApiServer({
    clock: systemClock,
    logger: silentLogger,
    listen: { host: '127.0.0.1', port: 0 },
    resolveService: () => Promise.resolve(undefined),
  });
  folder = await mkdtemp(join(tmpdir(), 'real-api-'));
  await writeFile(join(folder, 'kubeconfig'), server.adminKubeconfig());
  api = await openKubeconfig(join(folder, 'kubeconfig'), systemClock);
});
afterAll(async () => {
  await api.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a cluster by kubeconfig', () => {
  it('says its release, where Pods find it, and that it outlives the lab', () => {
    expect(api).toMatchObject({
      minor: 30,
      service: { host: '10.96.0.1', port: 443 },
      endsWithLab: false,
      reachesServices: false,
      brings: { controllers: false, scheduler: false },
    });
  });

  it('issues tokens of ServiceAccounts that its server takes', async () => {
    const administrator = createKubeClient({ connection: api.connection, clock: systemClock, logger: silentLogger });
    await administrator.create(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'robot', namespace: 'default' },
    });
    const token = await api.issueToken('default', 'robot');
    const robot = createKubeClient({
      connection: { server: api.url, caPem: api.caPem, auth: { readToken: () => Promise.resolve(token) } },
      clock: systemClock,
      logger: silentLogger,
    });
    await expect(robot.list(serviceAccounts, { namespace: 'default' })).rejects.toThrow(
      'system:serviceaccount:default:robot',
    );
    await expect(api.issueToken('default', 'nobody')).rejects.toThrow('not found');
    administrator.close();
    robot.close();
  });

  it('carries raw connections, so that nodes in namespaces reach it', async () => {
    const door = createServer((socket) => api.accept(socket));
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const { port } = door.address() as AddressInfo;
    const client = createKubeClient({
      connection: { ...api.connection, server: `https://127.0.0.1:${port}` },
      clock: systemClock,
      logger: silentLogger,
    });
    expect(await client.request('GET', '/version')).toMatchObject({ major: '1' });
    client.close();
    const cut = connect(port, '127.0.0.1');
    cut.destroy();
    await new Promise((resolve) => door.close(resolve));
  });
});

describe('which API a lab uses', () => {
  it('is the kubeconfig named, then KUBEBUILDER_ASSETS, then the embedded one', () => {
    expect(chooseApi('file', { KUBEBUILDER_ASSETS: '/assets' })).toEqual({ kind: 'kubeconfig', path: 'file' });
    expect(chooseApi(undefined, { KUBEBUILDER_ASSETS: '/assets' })).toEqual({ kind: 'binaries', folder: '/assets' });
    expect(chooseApi(undefined, { KUBEBUILDER_ASSETS: '' })).toEqual({ kind: 'embedded' });
  });

  it('names the program that a folder of binaries lacks', async () => {
    await expect(startBinaries(folder, systemClock)).rejects.toThrow(
      `KUBEBUILDER_ASSETS=${folder}: expected the programs etcd and kube-apiserver there, etcd is missing`,
    );
  });

  it('names what a kubeconfig lacks', async () => {
    const path = join(folder, 'plain');
    await writeFile(
      path,
      'apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]\n',
    );
    await expect(openKubeconfig(path, systemClock)).rejects.toThrow('certificate-authority-data');
  });
});
