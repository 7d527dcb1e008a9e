// Reconciles the webhook's certificates: Secret, trust in the configurations, certificate in use, in this order.
import { fieldManagers } from '../api/keys.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { identityOf } from '../kube/identity.ts';
import { createController, watchOf } from '../kube/controller.ts';
import { createInformer } from '../kube/informer.ts';
import { secrets } from '../kube/resources.ts';
import type {
  Controller,
  Informer,
  KubeClient,
  KubeObject,
  ReconcileContext,
  ReconcileResult,
  Resource,
} from '../kube/types.ts';
import { ensureCaBundle, webhookConfigurations } from './ca-bundle.ts';
import { CERTIFICATE_SECRET, ensureCertificateSecret } from './certificate-secret.ts';
import { type CertificatePlan, type CertificateSet, defaultLives, trustBundle, untilDueMs } from './certificate-set.ts';
import type { ServingCertificate } from './server.ts';
import { type ReplicaTrust, replicaToken } from './tell-replica.ts';

export interface CertificateControllerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly serviceName: string;
  readonly serviceNamespace: string;
  /** Further names and addresses of the certificate, beside the Service's. */
  readonly servingNames: readonly string[];
  /** Name of both webhook configurations. */
  readonly configurationName: string;
  readonly useCertificate: (certificate: ServingCertificate) => void;
  /** Told at every look: what the replicas trust, and by what they know each other. */
  readonly useTrust?: (trust: ReplicaTrust) => void;
  /** Shorter in tests. */
  readonly lives?: Pick<CertificatePlan, 'authorityLifeMs' | 'leafLifeMs'>;
}

// API servers learn of a changed configuration by watch; a leaf of a new authority must not be met before.
const TRUST_SPREAD_MS = 10_000;
// Timers of the runtime end at 24 days; looking twice a day also notices a clock that was set.
const LOOK_AGAIN_MS = 12 * 60 * 60 * 1000;

/** The controller and its informers, which the caller runs. One key stands for everything, since all of it is one thing. */
export function createCertificateController(options: CertificateControllerOptions): {
  readonly controller: Controller;
  readonly informers: readonly Informer<KubeObject>[];
} {
  const informers = [
    watchedMetadata(options, secrets, {
      namespace: options.serviceNamespace,
      fieldSelector: `metadata.name=${CERTIFICATE_SECRET}`,
    }),
    ...webhookConfigurations.map((resource) =>
      watchedMetadata(options, resource, { fieldSelector: `metadata.name=${options.configurationName}` }),
    ),
  ];
  const controller = createController({
    name: 'certificates',
    clock: options.clock,
    logger: options.logger,
    watches: informers.map((informer) => watchOf(informer, () => [KEY])),
    sources: [(enqueue) => enqueue(KEY)],
    reconcile: reconcileCertificates(options),
  });
  return { controller, informers };
}

const KEY = 'certificates';

function reconcileCertificates(
  options: CertificateControllerOptions,
): (key: string, context: ReconcileContext) => Promise<ReconcileResult> {
  const { client, clock, serviceName: service, serviceNamespace: namespace, configurationName: name } = options;
  const plan: CertificatePlan = {
    ...(options.lives ?? defaultLives),
    authorityName: name,
    names: [`${service}.${namespace}.svc`, `${service}.${namespace}`, service, ...options.servingNames],
  };
  const inUse: { leaf: string; authority: string; trustedSinceMs: number } = {
    leaf: '',
    authority: '',
    trustedSinceMs: 0,
  };
  return async (_key, { signal, log }) => {
    const set = await ensureCertificateSecret({ client, namespace, plan, now: () => clock.now(), signal });
    const bundle = trustBundle(set);
    const { changed } = await ensureCaBundle({ client, name, bundle, fieldManager: fieldManagers.webhook, signal });
    options.useTrust?.({ bundle, token: replicaToken(set.authority.key) });
    if (changed) log.info({}, 'webhook configurations trust the current authority');
    const waitMs = trustWaitMs(set, changed);
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    if (inUse.leaf !== set.leaf.cert) {
      options.useCertificate(set.leaf);
      inUse.leaf = set.leaf.cert;
      inUse.authority = set.authority.cert;
      log.info({}, 'server certificate is in use');
    }
    return { requeueAfterMs: Math.min(LOOK_AGAIN_MS, Math.max(1_000, untilDueMs(set, clock.now()))) };
  };

  /** How long the certificate in use must stay because the new authority is not trusted everywhere yet. */
  function trustWaitMs(set: CertificateSet, changed: boolean): number {
    if (inUse.authority === '' || inUse.authority === set.authority.cert) return 0;
    if (changed || inUse.trustedSinceMs === 0) inUse.trustedSinceMs = clock.monotonicMs();
    const waitMs = inUse.trustedSinceMs + TRUST_SPREAD_MS - clock.monotonicMs();
    if (waitMs <= 0) inUse.trustedSinceMs = 0;
    return Math.max(0, waitMs);
  }
}

/** Only the fact that something changed is needed; what it is now is read from the API. */
function watchedMetadata(
  { client, clock, logger }: CertificateControllerOptions,
  resource: Resource,
  where: { readonly namespace?: string; readonly fieldSelector: string },
): Informer<KubeObject> {
  return createInformer<KubeObject>({
    client,
    clock,
    logger,
    resource,
    ...where,
    project: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata: identityOf(metadata) }),
  });
}
