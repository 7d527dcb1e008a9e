// A namespace stays until what its Pods have in the cloud is gone, so that `kubectl delete namespace` returns when everything is (ADR 0017).
import { isNotFound } from '../../../kube/api-error.ts';
import { findCondition } from '../../../kube/conditions.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import { namespaces } from '../../../kube/resources.ts';
import type { Namespace } from '../../../kube/resources.ts';
import { rfc3339 } from '../../../kube/times.ts';
import type { Controller, ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { isHeld, isLeaving } from './holds.ts';
import { describeLeftovers } from './leftovers.ts';
import {
  isEmpty,
  isNothing,
  namespaceOfAddress,
  namespaceOfEip,
  namespaceOfEni,
  type Remaining,
  remainingOf,
} from './remaining.ts';

/** Condition of a Namespace, beside those that Kubernetes itself tells of its end. */
const CONDITION = 'CloudResourcesRemaining';

/** A record is being written, or the API has one that the cache does not show yet. */
const LOOK_AGAIN_MS = 500;

/** What this process remembers of a namespace, monotonic; a restart begins anew. */
interface Memory {
  emptySince?: number;
  leavingSince?: number;
  told?: string;
}

/** Puts the finalizer on where it is missing, takes it off where nothing is left, and says what a namespace waits for. */
export function createNamespaceCloudResources(deps: IpamdDeps): Controller {
  const { informers, clock, logger } = deps;
  const memories = new Map<string, Memory>();
  return createController({
    name: 'namespace.cloud-resources',
    clock,
    logger,
    concurrency: 8,
    watches: [
      watchOf(informers.namespaces, ownKey),
      watchOf(informers.vpcEnis, ({ before, after }) => changed(namespaceOfEni(before), namespaceOfEni(after))),
      watchOf(informers.vpcIps, ({ before, after }) => changed(namespaceOfAddress(before), namespaceOfAddress(after))),
      watchOf(informers.eipClaims, ({ before, after }) => changed(namespaceOfEip(before), namespaceOfEip(after))),
    ],
    reconcile: async (name, context) => {
      const namespace = deps.namespaces.latest(name);
      if (namespace === undefined) {
        memories.delete(name);
        return undefined;
      }
      const memory = memories.get(name) ?? {};
      memories.set(name, memory);
      return isLeaving(namespace)
        ? letLeave(deps, namespace, memory, context)
        : keepHeld(deps, namespace, memory, context);
    },
  });
}

/** Only what comes and what goes counts. */
const changed = (before: string | undefined, after: string | undefined): string[] =>
  before === after ? [] : [before, after].filter((name) => name !== undefined);

async function keepHeld(
  deps: IpamdDeps,
  namespace: Namespace,
  memory: Memory,
  { signal }: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const { name } = namespace.metadata;
  if (!isNothing(remainingOf(deps, name))) {
    delete memory.emptySince;
    // Only where an older release made them, or somebody took it off by hand.
    if (!isHeld(namespace)) await deps.namespaces.putOn(name, signal);
    return undefined;
  }
  if (!isHeld(namespace)) {
    delete memory.emptySince;
    return undefined;
  }
  const now = deps.clock.monotonicMs();
  memory.emptySince ??= now;
  const waitMs = memory.emptySince + deps.timings.namespaceIdleMs - now;
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  delete memory.emptySince;
  await deps.namespaces.takeOff(name, signal, () => isEmpty(deps, name, signal));
  return undefined;
}

async function letLeave(
  deps: IpamdDeps,
  namespace: Namespace,
  memory: Memory,
  { signal }: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  if (!isHeld(namespace)) return undefined;
  const { name } = namespace.metadata;
  const left = remainingOf(deps, name);
  if (isNothing(left)) {
    const off = await deps.namespaces.takeOff(name, signal, () => isEmpty(deps, name, signal));
    if (off === false) return { requeueAfterMs: LOOK_AGAIN_MS };
    await tellNothingLeft(deps, off.left, signal);
    return undefined;
  }
  const now = deps.clock.monotonicMs();
  memory.leavingSince ??= now;
  const waitMs = memory.leavingSince + deps.timings.namespaceTellMs - now;
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  await tell(deps, namespace, memory, left, signal);
  return { requeueAfterMs: deps.timings.namespaceTellMs };
}

async function tell(
  deps: IpamdDeps,
  namespace: Namespace,
  memory: Memory,
  left: Remaining,
  signal: AbortSignal,
): Promise<void> {
  const message = describeLeftovers(left);
  deps.recorder.record({ regarding: namespace, type: 'Warning', reason: CONDITION, message });
  if (memory.told === message) return;
  await writeCondition(deps, namespace, { status: 'True', reason: 'PodResourcesRemain', message }, signal);
  memory.told = message;
}

/** Something else may keep the namespace; then it must not be us who are named. */
async function tellNothingLeft(deps: IpamdDeps, left: Namespace | undefined, signal: AbortSignal): Promise<void> {
  if (left === undefined || findCondition(left.status?.conditions, CONDITION)?.status !== 'True') return;
  const verdict = {
    status: 'False',
    reason: 'CloudResourcesRemoved',
    message: 'nothing of its Pods is left in the cloud',
  };
  await writeCondition(deps, left, verdict, signal);
}

/** Strategic, by type: the namespace controller keeps conditions of its own in the same list. */
async function writeCondition(
  deps: IpamdDeps,
  { metadata: { name } }: Namespace,
  verdict: { readonly status: string; readonly reason: string; readonly message: string },
  signal: AbortSignal,
): Promise<void> {
  const condition = { type: CONDITION, ...verdict, lastTransitionTime: rfc3339(deps.clock.now()) };
  const body = { status: { conditions: [condition] } };
  try {
    await deps.client.patch(namespaces, name, { type: 'strategic', body }, { subresource: 'status', signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
