// Says on each nec whether its kernel is fit for strict routing, as soon as somebody wants that.
import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import { createController, ownKey, watchOf } from '../../kube/controller.ts';
import type { Condition, Controller } from '../../kube/types.ts';
import { findingText } from '../../planning/finding.ts';
import { strictLimits } from '../../planning/strict-limits.ts';
import type { IpamdDeps } from '../deps.ts';
import { necConditions, writeNecStatus } from '../node/nec-status.ts';
import { nodeFacts, strictIsWanted } from './facts.ts';

/** Type of the condition; its reason is the first limit, its message all of them. */
export const STRICT_ROUTING = 'StrictRouting';

/** Nothing is written while routing is standard and no Pod of the node is strict, unless there is a condition from before. */
export function createStrictNodeLimits(deps: IpamdDeps): Controller {
  const { informers, settings, clock, logger } = deps;
  return createController({
    name: 'node.strict-limits',
    clock,
    logger,
    watches: [watchOf(informers.nodeEniConfigs, ownKey)],
    sources: [
      (enqueue, signal) => {
        const stop = settings.onChange(() => {
          for (const { metadata } of informers.nodeEniConfigs.list()) enqueue(metadata.name);
        });
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (name) => {
      const nec = deps.necs.latest(name);
      if (nec === undefined) return;
      const condition = wanted(deps, nec);
      if (condition === undefined) return;
      await writeNecStatus(deps, nec, { conditions: necConditions(nec, [condition], clock.now()) });
    },
  });
}

function wanted(deps: IpamdDeps, nec: NodeEniConfig): Omit<Condition, 'lastTransitionTime'> | undefined {
  const type = STRICT_ROUTING;
  const node = nodeFacts(deps, nec.metadata.name);
  const inUse = node.routing?.strict === true || strictIsWanted(deps);
  if (!inUse) {
    const before = nec.status?.conditions?.some((condition) => condition.type === type) === true;
    const message = 'routing is standard, and no Pod of this node has another one';
    return before ? { type, status: 'Unknown', reason: 'NotInUse', message } : undefined;
  }
  if (node.routing === undefined)
    return { type, status: 'Unknown', reason: 'AgentSilent', message: 'the agent of this node has not told yet' };
  const findings = strictLimits({
    nodes: [node],
    networkPolicies: [],
    localServices: [],
    hostPorts: [],
    masquerade: { kind: 'absent' },
  });
  const [first] = findings;
  if (first === undefined)
    return { type, status: 'True', reason: 'NodeFit', message: 'the kernel of this node enforces strict routing' };
  return { type, status: 'False', reason: first.code, message: findings.map(findingText).join('; ') };
}
