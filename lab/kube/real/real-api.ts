// A real Kubernetes API server as a lab's API: what both binaries and kubeconfigs need.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { z } from 'zod';
import type { Clock } from '../../../src/base/clock.ts';
import { isNotFound } from '../../../src/kube/api-error.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import type { KubeConnection } from '../../../src/kube/connection.ts';
import { serviceAccounts } from '../../../src/kube/resources.ts';
import type { KubeObject, Resource } from '../../../src/kube/types.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { ClusterApi } from '../cluster-api.ts';

export interface RealApiOptions {
  readonly connection: KubeConnection & { readonly caPem: string };
  readonly clock: Clock;
  readonly kubeconfig: string;
  readonly endsWithLab: boolean;
  close(): Promise<void>;
}

/** Ten years; servers shorten it to what they allow. */
const TOKEN_SECONDS = 315_360_000;

interface Service extends KubeObject {
  readonly spec?: { readonly clusterIP?: string; readonly ports?: readonly { readonly port: number }[] };
}
interface Lease extends KubeObject {
  readonly spec?: { readonly renewTime?: string };
}
const services: Resource<Service> = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };
const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
const versionSchema = z.object({ gitVersion: z.string(), minor: z.string() });
const tokenSchema = z.object({ status: z.object({ token: z.string() }) });
/** A leader that has not renewed for so long is gone. */
const LEASE_MS = 60_000;

/** Asks the server what it is and what its cluster runs. Rejects when it cannot be reached. */
export async function createRealApi(options: RealApiOptions): Promise<ClusterApi> {
  const { connection, clock } = options;
  const client = createKubeClient({ connection, clock, logger: silentLogger });
  try {
    const { gitVersion, minor } = versionSchema.parse(await client.request('GET', '/version'));
    const kubernetes = await client.get(services, 'kubernetes', { namespace: 'default' });
    const isLed = async (name: string): Promise<boolean> => {
      try {
        const lease = await client.get(leases, name, { namespace: 'kube-system' });
        return clock.now().getTime() - Date.parse(lease.spec?.renewTime ?? '') < LEASE_MS;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    };
    const brings = { controllers: await isLed('kube-controller-manager'), scheduler: await isLed('kube-scheduler') };
    const { hostname, port: portText } = new URL(connection.server);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(portText === '' ? 443 : portText);
    return {
      description: `kube-apiserver ${gitVersion}`,
      // Some distributions write `30+`.
      minor: Number.parseInt(minor, 10),
      url: connection.server,
      port,
      caPem: connection.caPem,
      connection,
      kubeconfig: () => options.kubeconfig,
      service: { host: kubernetes.spec?.clusterIP ?? '', port: kubernetes.spec?.ports?.[0]?.port ?? 443 },
      accept: (socket) => carry(socket, connect({ host, port })),
      async issueToken(namespace, serviceAccount) {
        const request = {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          metadata: { name: serviceAccount, namespace },
          spec: { audiences: [], expirationSeconds: TOKEN_SECONDS },
        };
        const answer = await client.create<KubeObject>(serviceAccounts, request, { subresource: 'token' });
        return tokenSchema.parse(answer).status.token;
      },
      reachesServices: false,
      brings,
      endsWithLab: options.endsWithLab,
      async close() {
        client.close();
        await options.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Joins two connections; the end or failure of one is the other's. */
function carry(one: Socket, other: Socket): void {
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  one.pipe(other);
  other.pipe(one);
}
