// ipamd's part of a nec's status and the one way it is written, since several controllers share it.
import { isDeepStrictEqual } from 'node:util';

import { fieldManagers } from '../../api/keys.ts';
import { nodeEniConfigs } from '../../api/node-eni-config.ts';
import type { NodeEniConfig, NodeEniConfigStatus } from '../../api/node-eni-config.ts';
import { applyStatus } from '../../kube/apply.ts';
import { setCondition } from '../../kube/conditions.ts';
import type { Condition } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';
import { rebaseNecStatus } from './nec-rebase.ts';

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

/** A field that is given as undefined is removed. */
export type NecStatusChange = { readonly [F in keyof OwnNecStatus]?: OwnNecStatus[F] | undefined };

/**
 * Writes what differs: a field of `change` replaces the same field, one that is given as undefined is removed, the rest stays. What another of
 * our controllers wrote to other fields meanwhile stays too; otherwise the version of `nec` is the lock: a conflict means that somebody else
 * wrote since it was read. Answers the object as it is now.
 */
export async function writeNecStatus(
  deps: Pick<IpamdDeps, 'client' | 'necs'>,
  nec: NodeEniConfig,
  change: NecStatusChange,
): Promise<NodeEniConfig> {
  const { name } = nec.metadata;
  if (!changes(nec, change)) return nec;
  return deps.necs.inTurn(name, async () => {
    const newest = deps.necs.latest(name);
    const moved = newest === undefined ? undefined : rebaseNecStatus(nec, change, newest);
    if (newest === undefined || moved === undefined) return send(deps, nec, change);
    return changes(newest, moved) ? send(deps, newest, moved) : newest;
  });
}

const changes = (nec: NodeEniConfig, change: NecStatusChange): boolean =>
  !isDeepStrictEqual(changed(nec, change), ownPart(nec));

const changed = (nec: NodeEniConfig, change: NecStatusChange): OwnNecStatus =>
  ownPart({ status: { ...ownPart(nec), ...change } });

async function send(
  deps: Pick<IpamdDeps, 'client' | 'necs'>,
  nec: NodeEniConfig,
  change: NecStatusChange,
): Promise<NodeEniConfig> {
  const { name, resourceVersion, uid } = nec.metadata;
  const written = await applyStatus<NodeEniConfig>(deps.client, nodeEniConfigs, name, {
    fieldManager: fieldManagers.ipamd,
    status: changed(nec, change),
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
  const { eniInfos, subENI, directENI, eip, securityGroups, routeENI, conditions } = status;
  return {
    ...(eniInfos === undefined ? {} : { eniInfos }),
    ...(subENI === undefined ? {} : { subENI }),
    ...(directENI === undefined ? {} : { directENI }),
    ...(eip === undefined ? {} : { eip }),
    ...(securityGroups === undefined ? {} : { securityGroups }),
    ...(routeENI === undefined ? {} : { routeENI }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}
