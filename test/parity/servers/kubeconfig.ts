// A real server that a kubeconfig reaches.
import { KubeConfig } from '@kubernetes/client-node';
import type { ParityServer } from '../parity-server.ts';
import { readVersion } from './read-version.ts';
import { createHttpDriver } from '../drivers/http.ts';
import type { Need } from '../parity-case.ts';

/** Uses the current context, which must carry a CA and a bearer token of an administrator. Throws with what is missing. */
export async function openKubeconfig(path: string): Promise<ParityServer> {
  const config = new KubeConfig();
  config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster === null || user === null) throw new Error(`${path}: the current context names no cluster or no user`);
  if (user.token === undefined || user.token === '')
    throw new Error(`${path}: the user ${user.name} has no bearer token; make one with: kubectl create token`);
  if (cluster.caData === undefined)
    throw new Error(`${path}: the cluster ${cluster.name} has no certificate-authority-data`);
  const access = {
    url: cluster.server,
    caPem: Buffer.from(cluster.caData, 'base64').toString('utf8'),
    token: user.token,
  };
  const version = await readVersion(access);
  const http = createHttpDriver(access);
  const offers = new Set<Need>();
  try {
    if ((await http.get('/api/v1/namespaces/default/serviceaccounts/default')).code === 200) offers.add('controllers');
  } finally {
    http.close();
  }
  const { hostname } = new URL(cluster.server);
  if (hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '::1') offers.add('local-webhooks');
  return {
    kind: 'real',
    description: `the cluster of ${path}, release ${version.gitVersion}`,
    version,
    ...access,
    offers,
    close: () => Promise.resolve(),
  };
}
