// Reads what doctor needs beyond the picture: namespaces, webhooks, certificates, and what CAM says.
import { X509Certificate } from 'node:crypto';

import { eipClaims } from '../../api/eip-claim.ts';
import { objectNames, tags } from '../../api/keys.ts';
import { errorText } from '../../base/errors.ts';
import type { Clock } from '../../base/clock.ts';
import type { VpcCloud } from '../../cloud/vpc-cloud.ts';
import {
  deployments,
  mutatingWebhookConfigurations,
  namespaces,
  validatingWebhookConfigurations,
} from '../../kube/resources.ts';
import type { KubeClient, Resource } from '../../kube/types.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import type { Deployment, DoctorInput, WebhookConfiguration } from './input.ts';
import { probeActions } from './probe-actions.ts';

export interface GatherOptions {
  readonly picture: ClusterPicture;
  readonly client: KubeClient;
  /** Or why it cannot be asked. */
  readonly cloud: { readonly cloud: VpcCloud } | { readonly reason: string };
  /** With whose keys CAM is tried, or why it is not. */
  readonly probe: { readonly cloud: VpcCloud; readonly as: string } | { readonly reason: string };
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** Reads, and makes cloud calls that have no effect; what may not be read is absent. */
export async function gatherForDoctor(options: GatherOptions): Promise<DoctorInput> {
  const { picture, client, probe, clock, signal } = options;
  const attempt = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  };
  const all = async (resource: Resource<WebhookConfiguration>): Promise<readonly WebhookConfiguration[]> =>
    (await client.list(resource, { signal })).items.filter(isOurs);
  const system = await attempt(() => client.get(namespaces, objectNames.systemNamespace, { signal }));
  const mutating = await attempt(() => all(mutatingWebhookConfigurations as Resource<WebhookConfiguration>));
  const validating = await attempt(() => all(validatingWebhookConfigurations as Resource<WebhookConfiguration>));
  const webhookDeployments = await attempt(
    async () =>
      (await client.list(deployments, { namespace: objectNames.webhookNamespace, signal }))
        .items as readonly Deployment[],
  );
  const webhooks = mutating === undefined || validating === undefined ? undefined : [...mutating, ...validating];
  const clusterUid = system?.metadata.uid;
  return {
    picture,
    now: clock.now(),
    ...(clusterUid === undefined ? {} : { clusterUid }),
    ...(webhooks === undefined ? {} : { webhooks }),
    ...(webhookDeployments === undefined ? {} : { webhookDeployments }),
    certificates: (webhooks ?? []).flatMap(certificatesOf),
    ...(await eipsOf(options, clusterUid)),
    ...('reason' in probe
      ? { probesWhy: probe.reason }
      : {
          probes: await probeActions(probe.cloud, {
            signal,
            ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
          }),
          probedAs: probe.as,
        }),
  };
}

/** Those that were bought for claims of this cluster. */
async function eipsOf(
  { cloud, client, signal }: GatherOptions,
  clusterUid: string | undefined,
): Promise<Pick<DoctorInput, 'eips' | 'eipsWhy'>> {
  if ('reason' in cloud) return { eipsWhy: cloud.reason };
  if (clusterUid === undefined) return { eipsWhy: 'the UID of namespace kube-system may not be read' };
  try {
    const eips = await cloud.cloud.describeEips({ tags: [{ key: tags.cluster, value: clusterUid }] }, { signal });
    // Only now, so that what was bought meanwhile has its claim.
    return { eips: { eips, claims: (await client.list(eipClaims, { signal })).items } };
  } catch (error) {
    signal.throwIfAborted();
    return { eipsWhy: errorText(error) };
  }
}

function isOurs({ webhooks = [] }: WebhookConfiguration): boolean {
  return webhooks.some(({ clientConfig }) => clientConfig?.service?.namespace === objectNames.webhookNamespace);
}

/** The authorities that the API server trusts for the webhook. */
function certificatesOf({ metadata, webhooks = [] }: WebhookConfiguration): DoctorInput['certificates'] {
  const bundles = new Set(webhooks.flatMap(({ clientConfig }) => clientConfig?.caBundle ?? []));
  return [...bundles].flatMap((bundle) => {
    const text = Buffer.from(bundle, 'base64').toString('utf8');
    const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    // During a rotation the old authority stands beside the new one; the newest decides.
    const ends = pems.flatMap(endOf).toSorted();
    const newest = ends.at(-1);
    return newest === undefined ? [] : [{ name: `certificate authority of ${metadata.name}`, notAfter: newest }];
  });
}

function endOf(pem: string): readonly string[] {
  try {
    return [new Date(new X509Certificate(pem).validTo).toISOString()];
  } catch {
    return [];
  }
}
