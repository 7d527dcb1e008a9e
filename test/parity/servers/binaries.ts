// A real control plane from binaries: etcd and kube-apiserver, and kube-controller-manager when it lies beside them.
import { generateKeyPairSync } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../lab/free-port.ts';
import { kubeconfigYaml } from '../../../lab/kube/apiserver/kubeconfig.ts';
import { createHttpDriver } from '../drivers/http.ts';
import type { Need } from '../parity-case.ts';
import { isAtLeast } from '../parity-server.ts';
import type { ParityServer } from '../parity-server.ts';
import { untilHealthy } from './program.ts';
import { readVersion } from './read-version.ts';
import { ADMINISTRATOR_TOKEN, openWorkshop } from './workshop.ts';

/** Starts the binaries of `folder` (`KUBEBUILDER_ASSETS`) on loopback with an empty etcd. Rejects with the end of the log when one ends. */
export async function startBinaries(folder: string): Promise<ParityServer> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(folder, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(folder: string, stack: AsyncDisposableStack): Promise<ParityServer> {
  const workshop = await openWorkshop(folder, stack);
  const { certificates, files } = workshop;
  const serviceAccounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const accountKey = await workshop.file('sa.key', serviceAccounts.privateKey);
  const accountPub = await workshop.file('sa.pub', serviceAccounts.publicKey);
  const port = await freePort();
  const apiserver = await workshop.start('kube-apiserver', [
    `--etcd-servers=${workshop.etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${files.cert}`,
    `--tls-private-key-file=${files.key}`,
    `--client-ca-file=${files.ca}`,
    `--token-auth-file=${files.tokens}`,
    `--service-account-issuer=https://kubernetes.default.svc.cluster.local`,
    `--service-account-key-file=${accountPub}`,
    `--service-account-signing-key-file=${accountKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--anonymous-auth=false',
    '--allow-privileged=true',
  ]);
  const access_ = { url: `https://127.0.0.1:${port}`, caPem: certificates.caPem, token: ADMINISTRATOR_TOKEN };
  const http = createHttpDriver(access_);
  stack.defer(() => Promise.resolve(http.close()));
  await untilHealthy(apiserver, () => http.get('/readyz').then((answer) => answer.code === 200));
  const offers = new Set<Need>(['local-webhooks', 'compaction', 'certificates']);
  if (await isThere(join(folder, 'kube-controller-manager'))) {
    const kubeconfig = await workshop.file(
      'controllers.kubeconfig',
      kubeconfigYaml({ server: access_.url, ...access_ }),
    );
    const manager = await workshop.start('kube-controller-manager', [
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${await freePort()}`,
      // Releases before 1.24 listen on a fixed port beside it.
      ...(isAtLeast(await readVersion(access_), '1.24') ? [] : ['--port=0']),
      '--use-service-account-credentials=false',
      `--service-account-private-key-file=${accountKey}`,
      `--root-ca-file=${files.ca}`,
      '--controllers=*,-nodeipam,-nodelifecycle,-attachdetach,-persistentvolume-binder,-ttl',
    ]);
    await untilHealthy(manager, () =>
      http.get('/api/v1/namespaces/default/serviceaccounts/default').then((answer) => answer.code === 200),
    );
    offers.add('controllers');
  }
  const version = await readVersion(access_);
  return {
    kind: 'real',
    description: `kube-apiserver ${version.gitVersion} with etcd${offers.has('controllers') ? ' and kube-controller-manager' : ''}`,
    version,
    ...access_,
    offers,
    compact: () => workshop.compact(),
    issueClientCertificate: (user, groups) => certificates.issueClient(user, groups),
    close: () => stack.disposeAsync(),
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
