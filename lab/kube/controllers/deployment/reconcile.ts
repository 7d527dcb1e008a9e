// Keeps a Deployment's ReplicaSets: one per template, numbered by revision, sizes by the rollout plan, status for `kubectl rollout status`.
import { errorText } from '../../../../src/base/errors.ts';
import { isAlreadyExists } from '../../../../src/kube/api-error.ts';
import { createController, ownKey, watchOf } from '../../../../src/kube/controller.ts';
import { createEventRecorder } from '../../../../src/kube/recorder.ts';
import type { Controller, InformerChange } from '../../../../src/kube/types.ts';
import type { Pod } from '../../../../src/kube/resources.ts';
import type { ControllerDeps } from '../deps.ts';
import { keysOfOwner } from '../owner-keys.ts';
import { controlledBy, controllerOf } from '../ownership.ts';
import { canonicalTemplate, templateHash } from '../revisions/template-hash.ts';
import { writeStatus } from '../status.ts';
import { deployments, replicaSets } from '../views.ts';
import type { Deployment, ReplicaSet } from '../views.ts';
import { annotationsFor, REVISION, revisionOf, sizeAnnotations } from './annotations.ts';
import { desiredOf, firstSize, isScaled, limitsOf, planRollout, planScale, sizeOf } from './plan.ts';
import type { Scale } from './plan.ts';
import { progressOf, replace } from './progress.ts';

const HASH_LABEL = 'pod-template-hash';

export function createDeploymentController(deps: ControllerDeps): Controller {
  const { client, clock, logger, informers } = deps;
  const recorder = createEventRecorder({ client, component: 'deployment-controller', clock, logger });
  const namespaceOf = (deployment: Deployment): string => deployment.metadata.namespace ?? 'default';
  const tellScaled = (deployment: Deployment, message: string): void =>
    recorder.record({ regarding: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message });

  /** The set of the Deployment's template with its annotations; `undefined` when it was just written and is to be looked at again. */
  const ensureCurrent = async (deployment: Deployment, own: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> => {
    const found = currentOf(deployment, own);
    const old = own.filter((set) => set !== found);
    const annotations = annotationsFor(deployment, found, old);
    const namespace = namespaceOf(deployment);
    if (found === undefined) return create(deployment, old, annotations ?? {});
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    if (annotations === undefined && (found.spec.minReadySeconds ?? 0) === minReadySeconds) return found;
    const body = {
      metadata: {
        resourceVersion: found.metadata.resourceVersion,
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: { minReadySeconds },
    };
    await client.patch(replicaSets, found.metadata.name, { type: 'merge', body }, { namespace });
    return undefined;
  };

  const create = async (
    deployment: Deployment,
    old: readonly ReplicaSet[],
    annotations: Record<string, string>,
  ): Promise<undefined> => {
    const namespace = namespaceOf(deployment);
    const collisions = deployment.status?.collisionCount ?? 0;
    const set = replicaSetFor(deployment, old, annotations, collisions);
    const { name } = set.metadata;
    try {
      await client.create(replicaSets, set, { namespace });
    } catch (error) {
      if (!isAlreadyExists(error)) {
        await report(deployment, [
          'False',
          'ReplicaSetCreateError',
          `Failed to create new replica set "${name}": ${errorText(error)}`,
        ]);
        throw error;
      }
      const there = await client.get(replicaSets, name, { namespace });
      const isOurs =
        controllerOf(there)?.uid === deployment.metadata.uid &&
        canonicalTemplate(there.spec.template) === canonicalTemplate(deployment.spec.template);
      // Made a moment ago; the informer will show it and bring us back.
      if (!isOurs) await writeStatus(client, deployments, deployment, { collisionCount: collisions + 1 });
      return undefined;
    }
    if (sizeOf(set) > 0) tellScaled(deployment, `Scaled up replica set ${name} to ${sizeOf(set)}`);
    await report(deployment, ['True', 'NewReplicaSetCreated', `Created new replica set "${name}"`]);
    return undefined;
  };

  const report = async (deployment: Deployment, words: readonly [string, string, string]): Promise<void> => {
    if (deployment.spec.progressDeadlineSeconds === undefined) return;
    const conditions = replace(deployment.status?.conditions ?? [], words, clock.now());
    await writeStatus(client, deployments, deployment, { conditions });
  };

  const scale = async (deployment: Deployment, { set, replicas }: Scale): Promise<void> => {
    const annotations = sizeAnnotations(desiredOf(deployment), limitsOf(deployment).surge);
    const isSame = Object.entries(annotations).every(([key, value]) => set.metadata.annotations?.[key] === value);
    const before = sizeOf(set);
    if (isSame && before === replicas) return;
    const { name, resourceVersion } = set.metadata;
    const body = { metadata: { resourceVersion, annotations }, spec: { replicas } };
    await client.patch(replicaSets, name, { type: 'merge', body }, { namespace: namespaceOf(deployment) });
    if (before !== replicas)
      tellScaled(
        deployment,
        `Scaled ${replicas > before ? 'up' : 'down'} replica set ${name} to ${replicas} from ${before}`,
      );
  };

  /** Written with the status, as Kubernetes does: a revision is no new generation of the Deployment. */
  const numberIt = async (deployment: Deployment, current: ReplicaSet): Promise<void> => {
    const revision = String(revisionOf(current));
    if (deployment.metadata.annotations?.[REVISION] === revision) return;
    await client.patch(
      deployments,
      deployment.metadata.name,
      { type: 'merge', body: { metadata: { annotations: { [REVISION]: revision } } } },
      { namespace: namespaceOf(deployment), subresource: 'status' },
    );
  };

  /** Pods of other sets than `current` that have not ended, those on their way out included. */
  const oldPodsRun = (old: readonly ReplicaSet[]): boolean =>
    old.some((set) =>
      informers.pods
        .byIndex('controller', set.metadata.uid ?? '')
        .some(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'),
    );

  /** A Recreate rollout waits for the old Pods to be gone. */
  const keysOfGonePod = ({ type, before }: InformerChange<Pod>): readonly string[] => {
    const owner = type === 'deleted' && before !== undefined ? controllerOf(before) : undefined;
    const set = informers.replicaSets.get(`${before?.metadata.namespace ?? 'default'}/${owner?.name ?? ''}`);
    const upper = owner?.kind === 'ReplicaSet' && set !== undefined ? controllerOf(set) : undefined;
    return upper?.kind === 'Deployment' ? [`${set?.metadata.namespace ?? 'default'}/${upper.name}`] : [];
  };

  const rollOut = async (deployment: Deployment, own: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> => {
    const found = currentOf(deployment, own);
    const old = own.filter((set) => set !== found);
    const sizes = deployment.spec.paused === true || isScaled(deployment, own) ? planScale(deployment, found, old) : [];
    for (const step of sizes) await scale(deployment, step);
    if (deployment.spec.paused === true || sizes.length > 0) return found;
    const isRecreate = deployment.spec.strategy?.type === 'Recreate';
    if (isRecreate && found === undefined) {
      const shrinking = old.filter((set) => sizeOf(set) > 0);
      for (const set of shrinking) await scale(deployment, { set, replicas: 0 });
      if (shrinking.length > 0 || oldPodsRun(old)) return undefined;
    }
    const current = await ensureCurrent(deployment, own);
    if (current === undefined) return found;
    await numberIt(deployment, current);
    for (const step of planRollout(deployment, current, old, oldPodsRun(old))) await scale(deployment, step);
    return current;
  };

  return createController({
    name: 'deployment',
    clock,
    logger,
    concurrency: 2,
    watches: [
      watchOf(informers.deployments, ownKey),
      watchOf(informers.replicaSets, keysOfOwner('Deployment')),
      watchOf(informers.pods, keysOfGonePod),
    ],
    reconcile: async (key) => {
      const deployment = informers.deployments.get(key);
      if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return undefined;
      const own = informers.replicaSets.byIndex('controller', deployment.metadata.uid ?? '');
      const current = await rollOut(deployment, own);
      // A set was just made, and its condition written: the informer brings us back.
      if (current === undefined && own.length === 0) return undefined;
      const old = own.filter((set) => set.metadata.uid !== current?.metadata.uid);
      const { status, requeueAfterMs } = progressOf(deployment, current, old, clock.now());
      await writeStatus(client, deployments, deployment, status as Record<string, unknown>);
      const isDone =
        status.updatedReplicas === desiredOf(deployment) && status.availableReplicas === desiredOf(deployment);
      if (isDone || deployment.spec.paused === true)
        for (const set of surplusHistory(deployment, old))
          await client.delete(replicaSets, set.metadata.name, { namespace: namespaceOf(deployment) });
      return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
    },
  });
}

/** The oldest set of the Deployment's template. */
function currentOf(deployment: Deployment, own: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = canonicalTemplate(deployment.spec.template);
  return own
    .filter((set) => canonicalTemplate(set.spec.template) === wanted)
    .toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''))[0];
}

function replicaSetFor(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  annotations: Record<string, string>,
  collisions: number,
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, collisions);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? 'default',
      labels,
      annotations: { ...annotations, ...sizeAnnotations(desiredOf(deployment), limitsOf(deployment).surge) },
      ownerReferences: [controlledBy(deployment)],
    },
    spec: {
      replicas: firstSize(deployment, 0, old),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** Empty sets beyond `revisionHistoryLimit`, those of the lowest revision first. */
function surplusHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const surplus = old.length - limit;
  if (surplus <= 0) return [];
  return old
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
    .filter(
      (set) => sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && set.metadata.deletionTimestamp === undefined,
    );
}
