// Compares all ENIs of this cluster in the cloud with their VpcENIs: what no object owns is collected (DESIGN, decision 5), what differs is reported or handed on to be repaired.
import { objectNames, tags } from '../../../api/keys.ts';
import { vpcEnis } from '../../../api/vpc-eni.ts';
import type { Eni } from '../../../cloud/vpc-cloud.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { createController } from '../../../kube/controller.ts';
import { pods } from '../../../kube/resources.ts';
import type { Controller, KubeObject, ReconcileContext } from '../../../kube/types.ts';
import {
  type CloudEniFacts,
  isOrphan,
  type OwnerFacts,
  planOrphans,
  rememberSightings,
} from '../../../planning/orphans.ts';
import { type AttemptOwner, tokenNotHonoured } from '../../../planning/token-evidence.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { IpamdMetrics } from '../../metrics.ts';
import { type ListedEni, readySubEnis, reportDrift } from './drift.ts';

export type OrphanDeps = Pick<
  IpamdDeps,
  | 'client'
  | 'clock'
  | 'logger'
  | 'cloud'
  | 'recorder'
  | 'settings'
  | 'clusterUid'
  | 'mutating'
  | 'enis'
  | 'observations'
  | 'listings'
  | 'tokens'
> & {
  readonly metrics: Pick<IpamdMetrics, 'orphans' | 'orphansDeleted' | 'orphansStopped' | 'enisDrifted'>;
  readonly informers: Pick<IpamdDeps['informers'], 'vpcEnis'>;
  readonly timings: Pick<IpamdDeps['timings'], 'orphanIntervalMs' | 'orphanSpacingMs'>;
};

const KEY = 'cluster';

/** One look per interval; in any doubt an ENI stays (see `planOrphans`). */
export function createVpcEniOrphans(deps: OrphanDeps): Controller {
  const { clock, logger } = deps;
  const { orphanIntervalMs, orphanSpacingMs: spacingMs } = deps.timings;
  const memory: { seenSince: ReadonlyMap<string, number> } = { seenSince: new Map() };
  return createController({
    name: 'vpc-eni.orphans',
    clock,
    logger,
    watches: [],
    sources: [(enqueue) => enqueue(KEY)],
    reconcile: async (_, context) => {
      const recorded = readySubEnis(deps);
      // A listing that fails throws here, so that nothing is decided on it.
      const beganAtMs = clock.monotonicMs();
      const listed = await listOurs(deps, context.signal);
      const nowMs = clock.monotonicMs();
      // What was changed by hand on a node's ENIs is repaired by the sync of their groups (spec 000).
      deps.observations.feed(listed, beganAtMs);
      const evidence = tokenNotHonoured(listed, attemptOwners(deps));
      if (evidence !== undefined) deps.tokens.saw(evidence);
      const plan = planOrphans({
        ours: listed,
        owners: ownersInCache(deps),
        seenSince: memory.seenSince,
        nowMs,
        spacingMs,
      });
      memory.seenSince = rememberSightings(memory.seenSince, plan.candidates, nowMs);
      deps.metrics.orphans.set(plan.candidates.length);
      deps.metrics.orphansStopped.set(plan.kind === 'stop' ? 1 : 0);
      if (plan.kind === 'stop') reportStop(deps, plan.reason, context);
      else await deleteConfirmed(deps, plan.delete, context);
      deps.metrics.enisDrifted.set(await reportDrift(deps, recorded, listed, context.signal));
      return { requeueAfterMs: orphanIntervalMs };
    },
  });
}

async function listOurs(deps: OrphanDeps, signal: AbortSignal): Promise<readonly ListedEni[]> {
  const filter = { tags: [{ key: tags.cluster, value: deps.clusterUid }] };
  const enis = await deps.cloud.describeEnis(filter, { signal, priority: 'collect' });
  deps.listings.tell(enis);
  return enis.filter((eni) => eni.state !== 'DELETING').map(factsOf);
}

function factsOf(eni: Eni): ListedEni {
  const tag = (key: string): string | undefined => eni.tags.find((each) => each.key === key)?.value;
  const owner = /^VpcENI\/(.+)$/.exec(tag(tags.owner) ?? '')?.[1];
  return {
    eniId: eni.eniId,
    kind: eni.kind,
    attached: eni.attachment !== undefined,
    groups: eni.securityGroups,
    owner,
    ownerUid: tag(tags.ownerUid),
    attempt: tag(tags.attempt),
  };
}

function ownersInCache(deps: OrphanDeps): ReadonlyMap<string, OwnerFacts> {
  return new Map(
    deps.informers.vpcEnis
      .list()
      .map((eni) => [eni.metadata.name, { uid: eni.metadata.uid ?? '', eniId: eni.status?.eni?.eniID }]),
  );
}

function attemptOwners(deps: OrphanDeps): ReadonlyMap<string, AttemptOwner> {
  return new Map(
    deps.informers.vpcEnis.list().map(({ metadata, status }) => {
      // A later operation says nothing about the attempt that made the ENI.
      const attempt = status?.operation?.action.startsWith('Create') === true ? status.operation.attempt : undefined;
      return [metadata.name, { uid: metadata.uid ?? '', eniId: status?.eni?.eniID, attempt }];
    }),
  );
}

/** Each one once more against the API itself, owner and Pod, just before its call. */
async function deleteConfirmed(
  deps: OrphanDeps,
  ripe: readonly CloudEniFacts[],
  context: ReconcileContext,
): Promise<void> {
  if (ripe.length === 0 || deps.settings.held('delete') !== undefined) return;
  const livingPods = await podUids(deps, context.signal);
  for (const eni of ripe) {
    const owner = await ownerOf(deps, eni.owner ?? '', context.signal);
    const podUid = /^sub-(.+)$/.exec(eni.owner ?? '')?.[1];
    const replaced = owner !== undefined && owner.uid === eni.ownerUid;
    // The Pod may still be wired to it, unless its own object records another one.
    const inUse = !replaced && podUid !== undefined && livingPods.has(podUid);
    if (!isOrphan(eni, owner) || inUse) {
      context.log.warn(
        { eni: eni.eniId, owner: eni.owner, inUse },
        'an ENI without an owner is kept: its owner or Pod was found',
      );
      continue;
    }
    const call = deps.mutating('collect', 'delete', context.signal);
    if (eni.kind === 'sub') await deps.cloud.deleteSubEni(eni.eniId, call);
    else await deps.cloud.deleteEni(eni.eniId, call);
    deps.metrics.orphansDeleted.inc();
    context.log.info({ eni: eni.eniId, owner: eni.owner }, 'an ENI without an owner was deleted');
  }
}

async function ownerOf(deps: OrphanDeps, name: string, signal: AbortSignal): Promise<OwnerFacts | undefined> {
  try {
    const found = await deps.client.get(vpcEnis, name, { signal });
    return { uid: found.metadata.uid ?? '', eniId: found.status?.eni?.eniID };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

// The tags know the Pod's uid only, and the API cannot be asked by uid; orphans are rare enough for one list.
async function podUids(deps: OrphanDeps, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { items } = await deps.client.list<KubeObject>(pods, { signal });
  return new Set(items.map((pod) => pod.metadata.uid ?? ''));
}

function reportStop(deps: OrphanDeps, reason: string, context: ReconcileContext): void {
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  context.log.error({ reason }, 'too many ENIs without an owner; none is deleted');
  deps.recorder.record({
    regarding: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } },
    type: 'Warning',
    reason: 'OrphanCollectionStopped',
    message: `${reason}. List the ENIs with tag ${tags.cluster}=${deps.clusterUid} and compare with kubectl get vpceni`,
  });
}
