// The status of each SecurityGroupPolicy: whether its groups exist and whether this cluster can put them into force.
import { fieldManagers } from '../../../api/keys.ts';
import { securityGroupPolicies } from '../../../api/security-group-policy.ts';
import type { SecurityGroupPolicy } from '../../../api/security-group-policy.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { applyStatus } from '../../../kube/apply.ts';
import { setCondition } from '../../../kube/conditions.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { keyOf } from '../../../kube/object-key.ts';
import type { Condition, Controller } from '../../../kube/types.ts';
import { type ConditionInput, planPolicyConditions } from '../../../planning/policy-status.ts';
import type { IpamdDeps } from '../../deps.ts';
import { createGroupLookup } from './group-lookup.ts';

/** Groups are made and deleted in the cloud without a word to us; a policy whose groups are missing is looked at more often. */
const LOOK_AGAIN_MS = 300_000;
const LOOK_SOON_MS = 10_000;

export type PolicyStatusDeps = Pick<IpamdDeps, 'client' | 'clock' | 'logger' | 'cloud' | 'settings'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'policies' | 'nodeEniConfigs'>;
};

/** Every policy, at its changes, at those of the cluster, and now and then because groups come and go in the cloud. */
export function createSecurityGroupPolicyStatus(deps: PolicyStatusDeps): Controller {
  const { informers, clock, logger, settings } = deps;
  const lookup = createGroupLookup(deps.cloud, clock);
  const capableNodes = (): number =>
    informers.nodeEniConfigs.list().filter((nec) => (nec.status?.subENI?.quota ?? 0) > 0).length;

  return createController({
    name: 'security-group-policy.status',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.policies, ownKey),
      watchOf(informers.nodeEniConfigs, ({ before, after }) => {
        const carries = (nec: typeof before): boolean => (nec?.status?.subENI?.quota ?? 0) > 0;
        return carries(before) === carries(after) ? [] : informers.policies.list().map(keyOf);
      }),
    ],
    sources: [
      (enqueue, signal) => {
        const stop = settings.onChange(() => informers.policies.list().forEach((policy) => enqueue(keyOf(policy))));
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (key, { signal }) => {
      const policy = informers.policies.get(key);
      if (policy === undefined) return undefined;
      const { groupIds } = policy.spec.securityGroups;
      const existing = await lookup.existing(groupIds, signal);
      const planned = planPolicyConditions({
        groupIds,
        hasSelector: policy.spec.podSelector !== undefined || policy.spec.serviceAccountSelector !== undefined,
        existing,
        trunkingEnabled: settings.current()['vpcCni.trunkingEni.enableSubEni'],
        capableNodes: capableNodes(),
      });
      await writeConditions(deps, policy, planned, signal);
      return { requeueAfterMs: existing.size === groupIds.length ? LOOK_AGAIN_MS : LOOK_SOON_MS };
    },
  });
}

async function writeConditions(
  deps: PolicyStatusDeps,
  policy: SecurityGroupPolicy,
  planned: readonly ConditionInput[],
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid, generation: observedGeneration } = policy.metadata;
  const generation = observedGeneration === undefined ? {} : { observedGeneration };
  const before = (policy.status?.conditions ?? []) as readonly Condition[];
  const conditions = planned.reduce(
    (list, each) => setCondition(list, { ...each, ...generation }, deps.clock.now()),
    before,
  );
  if (conditions === before && policy.status?.observedGeneration === observedGeneration) return;
  try {
    await applyStatus(deps.client, securityGroupPolicies, name, {
      fieldManager: fieldManagers.ipamd,
      status: { ...generation, conditions },
      signal,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
