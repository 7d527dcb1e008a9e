// The Kubernetes API inside the VPC, for machines that have no node around them.
import type { Cluster } from './cluster.ts';
import { FABRIC_NETNS } from './fabric/applier.ts';
import type { LabHost } from './host/types.ts';

interface ApiInVpcDeps {
  readonly host: LabHost;
  readonly cluster: Pick<Cluster, 'api'>;
}

/**
 * The router answers at the address of Service default/kubernetes, so that the Pods of super nodes find the API where every other Pod finds
 * it. The returned function opens it with the first call, after the fabric connected something, so that a lab without such Pods does not pay;
 * it rejects when that fails, and the next call tries again. Lasts as long as the host.
 */
export function createApiInVpc(deps: ApiInVpcDeps): () => Promise<void> {
  const state: { opened?: Promise<void> } = {};
  return () =>
    (state.opened ??= open(deps).catch((error: unknown) => {
      delete state.opened;
      throw error;
    }));
}

async function open({ host, cluster: { api } }: ApiInVpcDeps): Promise<void> {
  const address = ['addr', 'replace', `${api.service.host}/32`, 'dev', 'lo', 'scope', 'host'];
  const added = await host.exec(['ip', ...address], { netns: FABRIC_NETNS });
  if (added.code !== 0) throw new Error(`the VPC cannot be given the API's address: ${added.stderr.trim()}`);
  const server = await host.listen(FABRIC_NETNS, api.service);
  server.on('connection', (socket) => api.accept(socket));
  void host.ended.then(() => server.close());
}
