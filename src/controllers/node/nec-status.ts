// ipamd's part of a nec's status and the one way it is written, since several controllers share it.
import { isDeepStrictEqual } from 'node:util';

import { fieldManagers } from '../../api/keys.ts';
import { nodeEniConfigs } from '../../api/node-eni-config.ts';
import type { NodeEniConfig, NodeEniConfigStatus } from '../../api/node-eni-config.ts';
import { applyStatus } from '../../kube/apply.ts';
import { setCondition } from '../../kube/conditions.ts';
import type { Condition } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';

/** What ipamd owns of the status; `node` belongs to the agent. */
export type OwnNecStatus = Omit<NodeEniConfigStatus, 'node'>;

/** The nec's conditions with some of them set. */
export function necConditions(
  nec: NodeEniConfig,
  inputs: readonly Omit<Condition, 'lastTransitionTime'>[],
  now: Date,
): Condition[] {
  const before = (nec.status?.conditions ?? []) as readonly Condition[];
  return [...inputs.reduce((list, input) => setCondition(list, input, now), before)];
}

/**
 * Writes what differs: a field of `change` replaces the same field, one that is given as undefined is removed, the rest stays. The object's
 * version is the lock: a conflict means that somebody else wrote since `nec` was read. Answers the object as it is now.
 */
export async function writeNecStatus(
  deps: Pick<IpamdDeps, 'client' | 'necs'>,
  nec: NodeEniConfig,
  change: { readonly [F in keyof OwnNecStatus]?: OwnNecStatus[F] | undefined },
): Promise<NodeEniConfig> {
  const own = ownPart(nec);
  const status = ownPart({ status: { ...own, ...change } });
  if (isDeepStrictEqual(status, own)) return nec;
  const { name, resourceVersion, uid } = nec.metadata;
  const written = await applyStatus<NodeEniConfig>(deps.client, nodeEniConfigs, name, {
    fieldManager: fieldManagers.ipamd,
    status,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(uid === undefined ? {} : { uid }),
  });
  deps.necs.wrote(written);
  return written;
}

/** By name, so that a field that a newer program owns is never claimed. */
function ownPart({
  status = {},
}: {
  readonly status?: { [F in keyof NodeEniConfigStatus]?: NodeEniConfigStatus[F] | undefined };
}): OwnNecStatus {
  const { eniInfos, subENI, securityGroups, routeENI, conditions } = status;
  return {
    ...(eniInfos === undefined ? {} : { eniInfos }),
    ...(subENI === undefined ? {} : { subENI }),
    ...(securityGroups === undefined ? {} : { securityGroups }),
    ...(routeENI === undefined ? {} : { routeENI }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}
