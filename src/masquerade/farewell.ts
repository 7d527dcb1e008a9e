// What ip-masq-agent does with its rules when it is stopped: they stay for its successor, and go with an install that is removed.
import { objectNames } from '../api/keys.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { ApiError, isNotFound } from '../kube/api-error.ts';
import { daemonSets } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import type { PolicyRule } from '../node-network/policy-rule.ts';
import type { Nft } from './nft.ts';
import { REMOVE_TABLE } from './ruleset.ts';

export interface FarewellDeps {
  readonly client: Pick<KubeClient, 'get'>;
  readonly nft: Pick<Nft, 'load'>;
  readonly markRule: Pick<PolicyRule, 'remove'>;
  readonly logger: Logger;
}

const UNAUTHORIZED = 401;
/** Of the 30 s that a Pod is given; an API that is slower than this leaves the rules where they are. */
const ASK_MS = 5_000;

/**
 * Removes the rules when the DaemonSet is gone or going, or when the API does not know our ServiceAccount any more. In any doubt, such as an
 * API that does not answer, they stay: a restart must not leave a moment without them.
 */
export async function farewell({ client, nft, markRule, logger }: FarewellDeps): Promise<void> {
  if (!(await isRemoved(client, logger))) return;
  await nft.load(REMOVE_TABLE);
  await markRule.remove();
  logger.info({}, 'the install is removed: so are the rules');
}

async function isRemoved(client: Pick<KubeClient, 'get'>, logger: Logger): Promise<boolean> {
  try {
    const found = await client.get(daemonSets, objectNames.masq, {
      namespace: objectNames.systemNamespace,
      signal: AbortSignal.timeout(ASK_MS),
    });
    return found.metadata.deletionTimestamp !== undefined;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (error instanceof ApiError && error.status === UNAUTHORIZED) return true;
    logger.warn({ error: errorText(error) }, 'whether the install is removed could not be asked; the rules stay');
    return false;
  }
}
