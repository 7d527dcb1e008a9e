// Keeps a label on every namespace that has a SecurityGroupPolicy: by it the API server refuses Pods there while nobody can decide about them.
import { annotations, fieldManagers, labels, objectNames } from '../../../api/keys.ts';
import { securityGroupPolicies } from '../../../api/security-group-policy.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { namespaces, type Namespace } from '../../../kube/resources.ts';
import type { Controller, ReconcileResult } from '../../../kube/types.ts';
import { planPolicyLabel } from '../../../planning/policy-label.ts';
import { wantsSubEni } from '../../../planning/pod-intent.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { WorkingPod } from '../../views.ts';

export type PolicyLabelDeps = Pick<IpamdDeps, 'client' | 'clock' | 'logger' | 'timings'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'namespaces' | 'policies' | 'pods'>;
};

/**
 * One key per namespace. The label is set at once; it is taken off a while after the last policy went (one that is replaced is not without it
 * for a moment), when no Pod with marks lives there any more, and when the API itself knows no policy.
 */
export function createNamespacePolicyLabel(deps: PolicyLabelDeps): Controller {
  const { informers, clock, logger } = deps;
  /** Since when, on the monotonic clock, a labelled namespace was seen without a policy. */
  const emptySince = new Map<string, number>();
  return createController({
    name: 'namespace.policy-label',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.namespaces, ownKey),
      watchOf(informers.policies, ({ type, before, after }) =>
        type === 'updated' ? [] : [(after ?? before)?.metadata.namespace ?? ''],
      ),
    ],
    reconcile: async (name, { signal }) => {
      const namespace = informers.namespaces.get(name);
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) {
        emptySince.delete(name);
        return undefined;
      }
      const policies = informers.policies.byIndex('namespace', name).length;
      const step = planPolicyLabel({ namespace, policies });
      if (step !== 'remove') emptySince.delete(name);
      if (step === 'set') await write(deps, namespace, '', signal);
      return step === 'remove' ? removeLater(deps, emptySince, namespace, signal) : undefined;
    },
  });
}

async function removeLater(
  deps: PolicyLabelDeps,
  emptySince: Map<string, number>,
  namespace: Namespace,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { name } = namespace.metadata;
  const { policyLabelLingerMs } = deps.timings;
  if (name !== objectNames.systemNamespace) {
    const now = deps.clock.monotonicMs();
    const since = emptySince.get(name) ?? now;
    emptySince.set(name, since);
    if (now - since < policyLabelLingerMs) return { requeueAfterMs: policyLabelLingerMs - (now - since) };
    // Marks are guarded, and believed, where the label is.
    if (deps.informers.pods.byIndex('namespace', name).some(isMarked)) return { requeueAfterMs: policyLabelLingerMs };
    // A policy whose watch event is late still has Pods coming.
    const { items } = await deps.client.list(securityGroupPolicies, { namespace: name, signal });
    if (items.length > 0) return { requeueAfterMs: policyLabelLingerMs };
  }
  await write(deps, namespace, null, signal);
  emptySince.delete(name);
  return undefined;
}

const isMarked = (pod: WorkingPod): boolean =>
  !pod.ended &&
  (pod.metadata.annotations?.[annotations.admissionDecision] !== undefined ||
    wantsSubEni(pod.metadata.annotations?.[annotations.networks]));

/** The version is the lock of a removal: what changed since it was decided is looked at first. */
async function write(
  { client }: PolicyLabelDeps,
  { metadata: { name, resourceVersion } }: Namespace,
  value: string | null,
  signal: AbortSignal,
): Promise<void> {
  const lock = value === null ? { resourceVersion } : {};
  const body = { metadata: { ...lock, labels: { [labels.securityGroupPolicy]: value } } };
  try {
    await client.patch(namespaces, name, { type: 'merge', body }, { fieldManager: fieldManagers.ipamd, signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
