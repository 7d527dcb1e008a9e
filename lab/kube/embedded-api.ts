// The embedded API server as a lab's API.
import type { ApiServer } from './apiserver/index.ts';
import type { ClusterApi } from './cluster-api.ts';

export function embeddedApi(server: ApiServer): ClusterApi {
  const { server: url, caPem, auth } = server.adminConnection();
  return {
    description: 'embedded Kubernetes API',
    minor: 30,
    url: server.url,
    port: server.port,
    caPem,
    connection: { server: url, caPem, auth: { readToken: () => Promise.resolve(auth.token) } },
    kubeconfig: () => server.adminKubeconfig(),
    service: { host: '10.96.0.1', port: 443 },
    accept: (socket) => server.accept(socket),
    issueToken: async (namespace, serviceAccount) => server.issueToken(namespace, serviceAccount),
    reachesServices: true,
    brings: { controllers: false, scheduler: false },
    endsWithLab: true,
    close: () => server.close(),
  };
}
