// Puts the certificates to trust into the webhook configurations, so that the API server can call us.
import { z } from 'zod';
import { isNotFound } from '../kube/api-error.ts';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '../kube/resources.ts';
import type { KubeClient, KubeObject, Resource } from '../kube/types.ts';

export interface CaBundleOptions {
  readonly client: Pick<KubeClient, 'get' | 'replace'>;
  /** Name of both configurations. */
  readonly name: string;
  /** PEM. */
  readonly bundle: string;
  readonly fieldManager: string;
  readonly signal: AbortSignal;
}

export const webhookConfigurations: readonly Resource[] = [
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
];

const configurationSchema = z.looseObject({
  webhooks: z
    .array(z.looseObject({ name: z.string(), clientConfig: z.looseObject({ caBundle: z.string().nullish() }) }))
    .nullish(),
});

/**
 * Makes every webhook of both configurations trust `bundle`; answers whether anything had to be changed. A configuration
 * that does not exist is left for later: its arrival is watched. Throws ApiError, a conflict when it changed meanwhile.
 */
export async function ensureCaBundle(options: CaBundleOptions): Promise<{ readonly changed: boolean }> {
  let changed = false;
  for (const resource of webhookConfigurations) {
    const object = await read(options, resource);
    if (object !== undefined && (await update(options, resource, object))) changed = true;
  }
  return { changed };
}

async function read({ client, name, signal }: CaBundleOptions, resource: Resource): Promise<KubeObject | undefined> {
  try {
    return await client.get(resource, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function update(options: CaBundleOptions, resource: Resource, object: KubeObject): Promise<boolean> {
  const wanted = Buffer.from(options.bundle, 'utf8').toString('base64');
  const decoded = configurationSchema.parse(object);
  const webhooks = decoded.webhooks ?? [];
  if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === wanted)) return false;
  // The whole object as it was read goes back, so that its resourceVersion is the lock.
  const trusting = webhooks.map((webhook) => ({
    ...webhook,
    clientConfig: { ...webhook.clientConfig, caBundle: wanted },
  }));
  const next: KubeObject & { readonly webhooks: unknown } = { ...object, webhooks: trusting };
  await options.client.replace(resource, next, { fieldManager: options.fieldManager, signal: options.signal });
  return true;
}
