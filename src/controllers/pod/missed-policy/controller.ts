// Finds Pods that went past a SecurityGroupPolicy which was in force when they were created: told on the Pod, counted in the policy, evicted on demand.
import type { SecurityGroupPolicy } from '../../../api/security-group-policy.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import { keyOf } from '../../../kube/object-key.ts';
import type { Controller, InformerChange, KubeObject, ObjectKey, ReconcileResult } from '../../../kube/types.ts';
import { asksServiceAccount, selects } from '../../../planning/match-policies.ts';
import { inForce, type MissedPolicy, missedPolicies, type PolicyInForce } from '../../../planning/missed-policies.ts';
import { namespaceExempt } from '../../../planning/policy-label.ts';
import { projectPolicy } from '../../../planning/policy-view.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { WorkingPod } from '../../views.ts';
import { evictMissed } from './evict.ts';

export type MissedPolicyDeps = Pick<IpamdDeps, 'client' | 'clock' | 'logger' | 'recorder' | 'settings' | 'missed'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'pods' | 'policies' | 'namespaces' | 'serviceAccounts'>;
};

/** One key per Pod. Found as soon as the watch shows the Pod; only events about it are repeated, not the look. */
export function createPodMissedPolicy(deps: MissedPolicyDeps): Controller {
  const { informers, clock, logger, settings } = deps;
  const podsOf = (namespace: string): ObjectKey[] => informers.pods.byIndex('namespace', namespace).map(keyOf);
  const told = new Map<ObjectKey, string>();
  const compiled = new WeakMap<SecurityGroupPolicy, PolicyInForce>();
  return createController({
    name: 'pod.missed-policy',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.pods, (change) => (concerns(change) ? [change.key] : [])),
      watchOf(informers.policies, ({ before, after }) =>
        before !== undefined && before.metadata.generation === after?.metadata.generation
          ? []
          : podsOfPolicy(before, after),
      ),
      watchOf(informers.namespaces, ({ key, before, after }) =>
        namespaceExempt(before) === namespaceExempt(after) ? [] : podsOf(key),
      ),
      // One that came after its Pod in the watch says what its Pods missed.
      watchOf(informers.serviceAccounts, (change) => (change.type === 'added' ? podsOfAccount(deps, change) : [])),
    ],
    sources: [
      (enqueue, signal) => {
        const stop = settings.onChange(() => informers.policies.list().flatMap(missers).forEach(enqueue));
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: (key, { signal }) => look(key, signal),
  });

  async function look(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const pod = informers.pods.get(key);
    const missed = pod === undefined ? [] : missedBy(deps, pod, policiesOf(pod.metadata.namespace ?? ''));
    deps.missed.set(
      key,
      missed.map(({ view }) => keyOf(view)),
    );
    if (pod === undefined || missed.length === 0) {
      told.delete(key);
      return undefined;
    }
    const message = messageOf(missed);
    if (told.get(key) !== message) {
      deps.recorder.record({ regarding: pod, type: 'Warning', reason: 'MissedSecurityGroupPolicy', message });
      told.set(key, message);
    }
    return evictMissed(deps, pod, signal);
  }

  function policiesOf(namespace: string): readonly PolicyInForce[] {
    return informers.policies.byIndex('namespace', namespace).map((policy) => {
      const known = compiled.get(policy) ?? inForce(policy);
      compiled.set(policy, known);
      return known;
    });
  }

  /** The edit of one policy is no news for the many Pods that it neither selected nor selects. */
  function podsOfPolicy(before: SecurityGroupPolicy | undefined, after: SecurityGroupPolicy | undefined): ObjectKey[] {
    const policies = [before, after].filter((policy) => policy !== undefined);
    const [first] = policies;
    if (first === undefined) return [];
    const { namespace = '' } = first.metadata;
    // Who was counted may have other labels now.
    if (deps.missed.count(keyOf(first)) > 0) return podsOf(namespace);
    const views = policies.map(projectPolicy);
    const asks = asksServiceAccount(views);
    const selected = ({ metadata, serviceAccountName }: WorkingPod): boolean => {
      const account = asks ? informers.serviceAccounts.get(`${namespace}/${serviceAccountName}`) : undefined;
      return views.some((view) => selects(view, metadata.labels ?? {}, account?.metadata.labels ?? {}));
    };
    return informers.pods.byIndex('namespace', namespace).filter(selected).map(keyOf);
  }

  function missers(policy: SecurityGroupPolicy): ObjectKey[] {
    return deps.missed.count(keyOf(policy)) === 0 ? [] : podsOf(policy.metadata.namespace ?? '');
  }
}

/** What it was created with does not change; whether it still runs does. */
function concerns({ before, after }: InformerChange<WorkingPod>): boolean {
  return (
    before === undefined ||
    after === undefined ||
    before.ended !== after.ended ||
    isLeaving(before) !== isLeaving(after)
  );
}

const isLeaving = ({ metadata }: WorkingPod): boolean => metadata.deletionTimestamp !== undefined;

function podsOfAccount({ informers }: MissedPolicyDeps, { key, after }: InformerChange<KubeObject>): ObjectKey[] {
  const namespace = after?.metadata.namespace ?? '';
  if (informers.policies.byIndex('namespace', namespace).length === 0) return [];
  const pods = informers.pods.byIndex('namespace', namespace);
  return pods.filter((pod) => `${namespace}/${pod.serviceAccountName}` === key).map(keyOf);
}

function missedBy(
  { informers }: MissedPolicyDeps,
  pod: WorkingPod,
  policies: readonly PolicyInForce[],
): readonly MissedPolicy[] {
  const { namespace = '', creationTimestamp, labels = {}, annotations = {} } = pod.metadata;
  if (policies.length === 0 || pod.ended || isLeaving(pod) || namespaceExempt(informers.namespaces.get(namespace)))
    return [];
  const asks = asksServiceAccount(policies.map(({ view }) => view));
  const account = asks ? informers.serviceAccounts.get(`${namespace}/${pod.serviceAccountName}`) : undefined;
  return missedPolicies(
    {
      createdAt: creationTimestamp,
      hostNetwork: pod.hostNetwork,
      labels,
      serviceAccountLabels: account === undefined ? undefined : (account.metadata.labels ?? {}),
      annotations,
    },
    policies,
  );
}

const WHY = {
  undecided: 'admission never decided about this Pod',
  'without-it': 'admission decided about this Pod without it',
  'older-generation': 'admission decided about this Pod by a former version of it',
} as const;

function messageOf(missed: readonly MissedPolicy[]): string {
  const each = missed.map(({ view, why }) => `SecurityGroupPolicy ${view.metadata.name}: ${WHY[why]}`);
  return `${each.join('; ')}. It was in force when the Pod was created, and the Pod runs without its security groups: recreate the Pod`;
}
