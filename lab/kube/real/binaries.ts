// The lab's API is a real kube-apiserver on an etcd of its own, from binaries as envtest uses them; kube-controller-manager joins where it lies beside them.
import { generateKeyPairSync } from 'node:crypto';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../src/base/clock.ts';
import { freePort } from '../../free-port.ts';
import { createServingCertificates, DEFAULT_SANS } from '../apiserver/access/certificates.ts';
import { kubeconfigYaml } from '../apiserver/kubeconfig.ts';
import type { ClusterApi } from '../cluster-api.ts';
import { startControlPlaneProgram } from './program.ts';
import { createRealApi } from './real-api.ts';

const TOKEN = 'lab-administrator';

/** Without meaning for a lab. */
const CONTROLLERS_LEFT_OUT = ['nodeipam', 'attachdetach', 'persistentvolume-binder', 'ttl'];
/** Before, each ServiceAccount needs a token Secret that only kube-controller-manager makes. */
const TOKENS_WITHOUT_SECRETS_SINCE = 24;

/**
 * etcd and kube-apiserver of `folder` on loopback, empty; everything of theirs goes when it is closed. `host` is a further address that
 * the certificate is good for. Rejects with the end of a log.
 */
export async function startBinaries(folder: string, clock: Clock, port?: number, host?: string): Promise<ClusterApi> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(folder, clock, { port, host }, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(
  folder: string,
  clock: Clock,
  { port: wantedPort, host }: { readonly port: number | undefined; readonly host: string | undefined },
  stack: AsyncDisposableStack,
): Promise<ClusterApi> {
  for (const name of ['etcd', 'kube-apiserver'])
    if (!(await isThere(join(folder, name))))
      throw new Error(
        `KUBEBUILDER_ASSETS=${folder}: expected the programs etcd and kube-apiserver there, ${name} is missing`,
      );
  const home = await mkdtemp(join(tmpdir(), 'trunkline-control-plane-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(home, name), content, { mode: 0o600 });
    return join(home, name);
  };
  const [etcdPort, peerPort] = [await freePort(), await freePort()];
  const port = wantedPort === undefined || wantedPort === 0 ? await freePort() : wantedPort;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const etcd = startControlPlaneProgram(
    clock,
    join(folder, 'etcd'),
    [
      `--data-dir=${join(home, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--unsafe-no-fsync',
    ],
    join(home, 'etcd.log'),
  );
  stack.defer(() => etcd.stop());
  await etcd.untilHealthy(async () => {
    if (!(await fetch(`${etcdUrl}/health`)).ok) throw new Error('etcd is not healthy yet');
  });

  const { caPem, certPem, keyPem } = await createServingCertificates(clock.now(), [
    ...DEFAULT_SANS,
    ...(host === undefined ? [] : [host]),
  ]);
  const accounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const url = `https://127.0.0.1:${port}`;
  const accountKey = await file('sa.key', accounts.privateKey);
  const ca = await file('ca.crt', caPem);
  const apiserver = startControlPlaneProgram(
    clock,
    join(folder, 'kube-apiserver'),
    [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      // The endpoint of Service kubernetes may not be a loopback address; the lab publishes the one that Pods reach.
      '--endpoint-reconciler-type=none',
      `--secure-port=${port}`,
      `--tls-cert-file=${await file('server.crt', certPem)}`,
      `--tls-private-key-file=${await file('server.key', keyPem)}`,
      `--client-ca-file=${ca}`,
      `--token-auth-file=${await file('tokens.csv', `${TOKEN},kubernetes-admin,kubernetes-admin,"system:masters"\n`)}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${await file('sa.pub', accounts.publicKey)}`,
      `--service-account-signing-key-file=${accountKey}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--authorization-mode=Node,RBAC',
      '--anonymous-auth=false',
      '--allow-privileged=true',
    ],
    join(home, 'kube-apiserver.log'),
  );
  stack.defer(() => apiserver.stop());
  const kubeconfig = kubeconfigYaml({ server: url, caPem, token: TOKEN });
  const open = (): Promise<ClusterApi> =>
    createRealApi({
      connection: { server: url, caPem, auth: { readToken: () => Promise.resolve(TOKEN) } },
      clock,
      kubeconfig,
      endsWithLab: true,
      close: () => stack.disposeAsync(),
    });
  const api = await apiserver.untilHealthy(open);
  if (!(await isThere(join(folder, 'kube-controller-manager')))) {
    if (api.minor >= TOKENS_WITHOUT_SECRETS_SINCE) return api;
    throw new Error(
      `KUBEBUILDER_ASSETS=${folder}: ${api.description} needs kube-controller-manager beside it, since Pods before 1.24 wait for token Secrets`,
    );
  }
  const controllers = startControlPlaneProgram(
    clock,
    join(folder, 'kube-controller-manager'),
    [
      `--kubeconfig=${await file('controllers.kubeconfig', kubeconfig)}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${await freePort()}`,
      // Releases before 1.24 listen on a fixed port of everybody beside it.
      ...(api.minor < 24 ? ['--port=0'] : []),
      `--service-account-private-key-file=${accountKey}`,
      `--root-ca-file=${ca}`,
      `--controllers=*,${CONTROLLERS_LEFT_OUT.map((name) => `-${name}`).join(',')}`,
    ],
    join(home, 'kube-controller-manager.log'),
  );
  stack.defer(() => controllers.stop());
  // Opened anew, now that the server can say that controllers lead.
  return controllers.untilHealthy(async () => {
    const led = await open();
    if (!led.brings.controllers) throw new Error('kube-controller-manager does not lead yet');
    return led;
  });
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
