// Recognises another install of the same names, which ipamd leaves alone until it is told to adopt it (DESIGN, decision 10).
import { labels, MANAGED_BY, objectNames } from '../../api/keys.ts';
import { nodeEniConfigs } from '../../api/node-eni-config.ts';
import { vpcEnis, vpcEniSpecSchema } from '../../api/vpc-eni.ts';
import type { Logger } from '../../base/logger.ts';
import { ApiError, isNotFound } from '../../kube/api-error.ts';
import { deployments } from '../../kube/resources.ts';
import type { KubeClient, KubeObject } from '../../kube/types.ts';

/** True when the object carries our marker. */
export const isMarked = (object: KubeObject): boolean => object.metadata.labels?.[labels.managedBy] === MANAGED_BY;

type Client = Pick<KubeClient, 'get' | 'list' | 'patch'>;

/** What is there without our marker, as `Kind name`; empty when this cluster is ours or new. */
export async function findForeignObjects(client: Client, logger: Logger, signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for (const resource of [vpcEnis, nodeEniConfigs]) {
    const { items } = await client.list<KubeObject>(resource, { signal });
    found.push(...items.filter((item) => !isMarked(item)).map((item) => `${resource.kind} ${item.metadata.name}`));
  }
  const { systemNamespace: namespace, ipamd } = objectNames;
  try {
    const deployment = await client.get(deployments, ipamd, { namespace, signal });
    if (!isMarked(deployment)) found.push(`Deployment ${namespace}/${ipamd}`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403)
      logger.warn({ deployment: ipamd }, 'whether the Deployment is ours cannot be read; the objects decide');
    else if (!isNotFound(error)) throw error;
  }
  return found;
}

/** Marks what this version can read as ours. What it cannot read stays unmarked, is named in the log and is never touched. */
export async function adoptObjects(client: Client, logger: Logger, signal: AbortSignal): Promise<void> {
  const marker = { metadata: { labels: { [labels.managedBy]: MANAGED_BY } } };
  for (const item of (await client.list(nodeEniConfigs, { signal })).items.filter((each) => !isMarked(each)))
    await client.patch(nodeEniConfigs, item.metadata.name, { type: 'merge', body: marker }, { signal });
  for (const item of (await client.list(vpcEnis, { signal })).items.filter((each) => !isMarked(each))) {
    if (vpcEniSpecSchema.safeParse(item.spec).success)
      await client.patch(vpcEnis, item.metadata.name, { type: 'merge', body: marker }, { signal });
    else logger.warn({ vpcENI: item.metadata.name }, 'object of another install cannot be read and is left alone');
  }
}
