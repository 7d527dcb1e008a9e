// The libraries that kube-apiserver is made of, served by our small program over etcd: newer rules than any whole server at hand.
import { basename, dirname } from 'node:path';
import { freePort } from '../../../lab/free-port.ts';
import { createHttpDriver } from '../drivers/http.ts';
import type { Group } from '../parity-case.ts';
import type { ParityServer } from '../parity-server.ts';
import { untilHealthy } from './program.ts';
import { readVersion } from './read-version.ts';
import { servedPart } from './served-part.ts';
import { ADMINISTRATOR_TOKEN, openWorkshop } from './workshop.ts';

/** Not `discovery`: `/apis` is the aggregator's. Not `json-patch`: Debian builds with another library for it than Kubernetes does. */
const groups: readonly Group[] = [
  'watch',
  'list',
  'merge-patch',
  'strategic-patch',
  'apply',
  'apply-conflicts',
  'crd-pruning',
  'crd-defaulting',
  'crd-versions',
  'cel',
  'webhooks',
  'admission-policies',
  'deletion',
  'tables',
  'errors',
  'http',
  'javascript-client',
];

const resources: readonly string[] = [
  '/configmaps',
  '/namespaces',
  '/secrets',
  '/serviceaccounts',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
];

const unfit: Readonly<Record<string, readonly string[]>> = {
  'built-in kinds have the columns of plain stores there': [
    'watch/as-tables',
    'tables/columns-of-lists',
    'tables/built-in-kinds',
    'tables/watches',
  ],
  'messages name the types of plain stores there': ['errors/another-kind-in-body', 'http/metadata-only'],
  'objects of plain stores carry kind and apiVersion there when they come from etcd': ['list/exactly-one-version'],
  'webhook configurations and policies have plain stores there': [
    'webhooks/invalid-configurations',
    'admission-policies/policies-are-checked',
  ],
  'Namespaces have a plain store there': [
    'deletion/namespace-terminates',
    'deletion/namespace-finalize',
    'deletion/namespaces-that-stay',
    'deletion/namespace-precondition',
  ],
  'its HTTP server is that of a newer Go': ['http/absurd-headers'],
  'its router is an older one of Debian': ['http/accept-preferences', 'http/paths-as-written'],
};

/**
 * Starts `binary`, built by tools/real-kubernetes/build-libraries.sh, with the `etcd` beside it. It judges what the libraries
 * themselves decide; the kinds it serves have plain stores, so it is no witness for their own validation, printing or status.
 * Rejects with the end of the log when one of the two ends.
 */
export async function startGenericServer(binary: string): Promise<ParityServer> {
  const stack = new AsyncDisposableStack();
  try {
    const workshop = await openWorkshop(dirname(binary), stack);
    const { certificates, files } = workshop;
    const port = await freePort();
    const program = await workshop.start(basename(binary), [
      `--etcd-servers=${workshop.etcdUrl}`,
      `--secure-port=${port}`,
      `--tls-cert-file=${files.cert}`,
      `--tls-private-key-file=${files.key}`,
      `--client-ca-file=${files.ca}`,
      `--token-auth-file=${files.tokens}`,
    ]);
    const access = { url: `https://127.0.0.1:${port}`, caPem: certificates.caPem, token: ADMINISTRATOR_TOKEN };
    const http = createHttpDriver(access);
    stack.defer(() => Promise.resolve(http.close()));
    await untilHealthy(program, () => http.get('/readyz').then((answer) => answer.code === 200));
    const version = await readVersion(access);
    const libraries = `apiserver-libraries ${version.gitVersion.replace(/^v1\.([^-]+).*/, 'v0.$1')}`;
    return {
      kind: 'real',
      description: `${libraries}: the generic API server and the CustomResourceDefinition server with etcd, not kube-apiserver`,
      recordedAs: libraries,
      version,
      ...access,
      offers: new Set(['local-webhooks', 'compaction', 'certificates'] as const),
      part: servedPart({ groups, resources, unfit }),
      compact: () => workshop.compact(),
      issueClientCertificate: (user, groups) => certificates.issueClient(user, groups),
      close: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
