// Keeps a Deployment's ReplicaSets: one per template, sizes by the rollout plan, status for `kubectl rollout status`.
import { isAlreadyExists } from '../../../../src/kube/api-error.ts';
import { setCondition } from '../../../../src/kube/conditions.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import type { Condition, Controller } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';
import { controlledBy, controllerOf } from '../ownership.ts';
import { deployments, replicaSets } from '../views.ts';
import type { Deployment, ReplicaSet } from '../views.ts';
import { planRollout, templateHash } from './plan.ts';

const HASH_LABEL = 'pod-template-hash';

export function createDeploymentController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;

  const ensureCurrent = async (deployment: Deployment, own: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> => {
    const hash = templateHash(deployment.spec.template);
    const found = own.find((set) => set.metadata.labels?.[HASH_LABEL] === hash);
    if (found !== undefined) return found;
    try {
      return await client.create(replicaSets, replicaSetFor(deployment, hash), {
        namespace: deployment.metadata.namespace ?? 'default',
      });
    } catch (error) {
      // Made a moment ago; the informer will show it and bring us back.
      if (isAlreadyExists(error)) return undefined;
      throw error;
    }
  };

  const report = async (deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Promise<void> => {
    const status = statusOf(deployment, current, old, clock.now());
    if (JSON.stringify(sorted(status)) === JSON.stringify(sorted(deployment.status ?? {}))) return;
    await client.patch(
      deployments,
      deployment.metadata.name,
      { type: 'merge', body: { status } },
      { namespace: deployment.metadata.namespace ?? 'default', subresource: 'status' },
    );
  };

  return createController({
    name: 'deployment',
    clock,
    logger,
    watches: [
      watchOf(informers.deployments, ownKey),
      watchOf(informers.replicaSets, ({ after, before }) => {
        const set = after ?? before;
        const owner = set === undefined ? undefined : controllerOf(set);
        return owner?.kind === 'Deployment' ? [`${set?.metadata.namespace}/${owner.name}`] : [];
      }),
    ],
    reconcile: async (key) => {
      const deployment = informers.deployments.get(key);
      if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return;
      const own = informers.replicaSets.byIndex('controller', deployment.metadata.uid ?? '');
      const current = await ensureCurrent(deployment, own);
      if (current === undefined) return;
      const old = own.filter((set) => set.metadata.uid !== current.metadata.uid);
      const namespace = deployment.metadata.namespace ?? 'default';
      if (deployment.spec.paused !== true)
        for (const step of planRollout(deployment, current, old))
          await client.patch(
            replicaSets,
            step.name,
            { type: 'merge', body: { spec: { replicas: step.replicas } } },
            { namespace },
          );
      for (const set of surplusHistory(deployment, old))
        await client.delete(replicaSets, set.metadata.name, { namespace });
      await report(deployment, current, old);
    },
  });
}

function replicaSetFor(deployment: Deployment, hash: string): ReplicaSet {
  const { template, selector } = deployment.spec;
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? 'default',
      labels,
      ownerReferences: [controlledBy(deployment)],
    },
    spec: {
      replicas: 0,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const empty = old.filter((set) => (set.spec.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0);
  const newestFirst = empty.sort((a, b) =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  );
  return newestFirst.slice(deployment.spec.revisionHistoryLimit ?? 10);
}

function statusOf(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  now: Date,
): Record<string, unknown> {
  const desired = deployment.spec.replicas ?? 1;
  const sum = (pick: (set: ReplicaSet) => number | undefined): number =>
    [current, ...old].reduce((total, set) => total + (pick(set) ?? 0), 0);
  const available = sum((set) => set.status?.availableReplicas);
  const updated = current.status?.replicas ?? 0;
  const complete = updated === desired && available === desired && sum((set) => set.status?.replicas) === desired;
  const condition = (
    type: string,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): Omit<Condition, 'lastTransitionTime'> => ({ type, status, reason, message });
  let conditions: readonly Condition[] = deployment.status?.conditions ?? [];
  conditions = setCondition(
    conditions,
    available >= desired
      ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : condition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
    now,
  );
  conditions = setCondition(
    conditions,
    complete
      ? condition(
          'Progressing',
          'True',
          'NewReplicaSetAvailable',
          `ReplicaSet "${current.metadata.name}" has successfully progressed.`,
        )
      : condition('Progressing', 'True', 'ReplicaSetUpdated', `ReplicaSet "${current.metadata.name}" is progressing.`),
    now,
  );
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum((set) => set.status?.replicas),
    updatedReplicas: updated,
    readyReplicas: sum((set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, desired - available),
    conditions,
  };
}

const sorted = (value: object): object =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
