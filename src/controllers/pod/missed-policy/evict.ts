// Evicts a Pod that went past a policy, where that is switched on and its replacement cannot slip through too.
import { z } from 'zod';
import { ApiError, isNotFound } from '../../../kube/api-error.ts';
import { pods } from '../../../kube/resources.ts';
import type { ReconcileResult, Resource } from '../../../kube/types.ts';
import { namespaceEnforces } from '../../../planning/policy-label.ts';
import type { WorkingPod } from '../../views.ts';
import type { MissedPolicyDeps } from './controller.ts';

/** Older Pods are only told: labels that were changed since would look like a policy that was missed. */
const FRESH_MS = 600_000;
/** After an answer that a disruption budget does not allow it now. */
const AGAIN_MS = 10_000;

const evictions: Resource = { ...pods, kind: 'Eviction' };

/**
 * Only with the add-on value, for a Pod of the last ten minutes that some controller makes anew, in a namespace where admission fails closed.
 * Disruption budgets hold. Needs `create` on pods/eviction (deploy/missed-pod-eviction); without it an event says so.
 */
export async function evictMissed(
  deps: MissedPolicyDeps,
  pod: WorkingPod,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const { client, clock, informers, recorder, settings } = deps;
  if (!settings.current()['vpcCni.trunkingEni.evictMissedPods']) return undefined;
  const { namespace = '', name, uid = '', creationTimestamp = '' } = pod.metadata;
  const age = clock.now().getTime() - Date.parse(creationTimestamp);
  if (!(age < FRESH_MS) || !namespaceEnforces(informers.namespaces.get(namespace))) return undefined;
  try {
    const stored = await client.get(pods, name, { namespace, signal });
    if (stored.metadata.uid !== uid || !ownedSchema.safeParse(stored).success) return undefined;
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: { preconditions: { uid } },
    };
    await client.create(evictions, eviction, { namespace, subresource: 'eviction', signal });
    return undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (error instanceof ApiError && error.status === 429) return { requeueAfterMs: AGAIN_MS };
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const message =
      'the Pod is not evicted: ipamd may not create evictions; apply deploy/missed-pod-eviction, or recreate the Pod';
    recorder.record({ regarding: pod, type: 'Warning', reason: 'MissedSecurityGroupPolicy', message });
    return undefined;
  }
}

const ownedSchema = z.object({
  metadata: z.object({
    ownerReferences: z
      .array(z.object({ controller: z.boolean().optional() }))
      .refine((owners) => owners.some(({ controller }) => controller === true)),
  }),
});
