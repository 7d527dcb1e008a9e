// The Kubernetes API inside the VPC, for Pods.
import type { Cluster } from './cluster.ts';
import { FABRIC_NETNS } from './fabric/applier.ts';
import type { LabHost } from './host/types.ts';
import type { ApiEndpoint } from './kube/api-endpoint.ts';

interface ApiInVpcDeps {
  readonly host: LabHost;
  readonly cluster: Pick<Cluster, 'api'>;
  /** What Service default/kubernetes leads to; undefined: its own address, where the rules of Services leave it alone. */
  readonly endpoint: ApiEndpoint | undefined;
}

/**
 * The router answers at the endpoint of Service default/kubernetes, so that Pods get there through the VPC and the groups of theirs. The
 * returned function opens it with the first call, after the fabric connected something; it rejects when that fails, and the next call tries
 * again. Lasts as long as the host.
 */
export function createApiInVpc(deps: ApiInVpcDeps): () => Promise<void> {
  const state: { opened?: Promise<void> } = {};
  return () =>
    (state.opened ??= open(deps).catch((error: unknown) => {
      delete state.opened;
      throw error;
    }));
}

async function open({ host, cluster: { api }, endpoint = api.service }: ApiInVpcDeps): Promise<void> {
  const address = ['addr', 'replace', `${endpoint.host}/32`, 'dev', 'lo', 'scope', 'host'];
  const added = await host.exec(['ip', ...address], { netns: FABRIC_NETNS });
  if (added.code !== 0) throw new Error(`the VPC cannot be given the API's address: ${added.stderr.trim()}`);
  const server = await host.listen(FABRIC_NETNS, endpoint);
  server.on('connection', (socket) => api.accept(socket));
  void host.ended.then(() => server.close());
}
