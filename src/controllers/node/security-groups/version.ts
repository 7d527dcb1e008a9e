// Whether this install may use node security groups at all: its version is the image tag of its own Deployment (spec 000, preconditions).
import { objectNames } from '../../../api/keys.ts';
import { gate, type GatedFeature } from '../../../api/version-gates.ts';
import { deployments } from '../../../kube/resources.ts';
import type { KubeClient, KubeObject } from '../../../kube/types.ts';

interface ImageOf extends KubeObject {
  spec?: { template?: { spec?: { containers?: { image?: string }[] } } };
}

/** Why `feature` may not be used; nothing when it may. A Deployment that is absent, has no tag or may not be read leaves the decision to the program's `own` version. */
export async function closedByVersion(
  client: Pick<KubeClient, 'get'>,
  own: string,
  signal: AbortSignal,
  feature: GatedFeature = 'nodeSecurityGroups',
): Promise<string | undefined> {
  const answer = gate(feature, (await deployedVersion(client, signal)) ?? own);
  return answer.open ? undefined : answer.reason;
}

/** The image tag of ipamd's own Deployment; nothing when that is absent, has no tag or may not be read. */
export async function deployedVersion(
  client: Pick<KubeClient, 'get'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { systemNamespace: namespace, ipamd } = objectNames;
    const found: ImageOf = await client.get(deployments, ipamd, { namespace, signal });
    return imageTag(found.spec?.template?.spec?.containers?.[0]?.image ?? '');
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What follows the last colon of the last part of the path; a digest is no tag, and the port of a registry neither. */
export function imageTag(image: string): string | undefined {
  return /:([^:/]+)$/.exec(image.replace(/@.*$/, ''))?.[1];
}
