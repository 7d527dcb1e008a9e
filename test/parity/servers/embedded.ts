// The embedded API server with the lab's controllers, as the parity suite runs it.
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { startCluster } from '../../../lab/cluster.ts';
import { readVersion } from './read-version.ts';
import type { ParityServer } from '../parity-server.ts';

export async function startEmbeddedServer(): Promise<ParityServer> {
  const failures: unknown[] = [];
  const cluster = await startCluster({
    clock: systemClock,
    logger: silentLogger,
    onFailure: (error) => failures.push(error),
  });
  const { embedded } = cluster;
  if (embedded === undefined) throw new Error('the cluster was started on another server');
  const { server, caPem, auth } = embedded.adminConnection();
  const version = await readVersion({ url: server, caPem, token: auth.token });
  return {
    kind: 'embedded',
    description: `embedded API server, release ${version.gitVersion}`,
    version,
    url: server,
    caPem,
    token: auth.token,
    offers: new Set(['controllers', 'local-webhooks', 'compaction', 'certificates'] as const),
    issueClientCertificate: (user, groups) => embedded.issueClientCertificate(user, groups),
    compact: () => {
      embedded.compact();
      return Promise.resolve();
    },
    async close() {
      await cluster.close();
      if (failures.length > 0)
        throw new AggregateError(failures, 'controllers of the embedded cluster ended by themselves');
    },
  };
}
