// Brings stored CustomResourceDefinitions to service: names, conditions, the served resources, and the clean-up after a deletion.
import type { Clock } from '../../../../src/base/clock.ts';
import type { Logger } from '../../../../src/base/logger.ts';
import { timestamp } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { equalJson, objectAt, stringAt } from '../json.ts';
import { collectionId } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import type { Schema } from '../schema/schema.ts';
import type { Collection, Store, StoreEvent } from '../storage/store.ts';
import { approvalCondition } from './api-approval.ts';
import { cleanUp, isBeingCleanedUp } from './definition-cleanup.ts';
import type { Condition } from './definition-conditions.ts';
import { hasCondition, isTrue, withCondition } from './definition-conditions.ts';
import { decideNames } from './definition-names.ts';
import { definitionsOf } from './definitions.ts';

interface EstablishDeps {
  readonly store: Store;
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly objectMeta: Schema;
}

/**
 * From now on every stored definition is looked after. Its conditions follow one by one, as its watchers expect; it is served from
 * `Established` on and until it is gone.
 */
export function serveCustomResources(deps: EstablishDeps): void {
  const { store, registry, logger, clock, objectMeta } = deps;
  const definitions = store.collection(
    collectionId({ group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' }),
  );
  const queue = new Set<string>();
  const watched = new Set<string>();

  const instancesOf = (crd: ApiObject): Collection =>
    store.collection(
      collectionId({ group: groupOf(crd), plural: stringAt(crd, 'status', 'acceptedNames', 'plural') ?? '' }),
    );

  const enqueue = (name: string): void => {
    if (queue.size === 0) queueMicrotask(workOff);
    queue.add(name);
  };

  // After the write that caused it, so that everyone hears of changes in their order.
  function workOff(): void {
    for (const name of queue) {
      queue.delete(name);
      const entry = definitions.get(name);
      if (entry === undefined) continue;
      const next = nextState(entry.object);
      if (next === undefined) continue;
      const gone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
      if (gone) definitions.remove(name, entry, next);
      else definitions.update(name, entry, next);
    }
  }

  function nextState(crd: ApiObject): ApiObject | undefined {
    const now = clock.now();
    if (isBeingCleanedUp(crd)) {
      const name = stringAt(crd, 'status', 'acceptedNames', 'plural') ?? '';
      const id = collectionId({ group: groupOf(crd), plural: name });
      if (!watched.has(id)) {
        watched.add(id);
        instancesOf(crd).subscribe(({ type }) => {
          if (type === 'DELETED') enqueue(crd.metadata.name);
        });
      }
      return cleanUp(crd, instancesOf(crd), now);
    }
    const others = definitions
      .list()
      .map((entry) => entry.object)
      .filter((other) => groupOf(other) === groupOf(crd) && other.metadata.name !== crd.metadata.name);
    return named(crd, others, now) ?? approved(crd, now) ?? established(crd, now);
  }

  definitions.subscribe((event) => {
    const crd = event.current.object;
    // Names that are let go may be what another definition of the group waits for.
    for (const entry of definitions.list())
      if (groupOf(entry.object) === groupOf(crd)) enqueue(entry.object.metadata.name);
    if (!changesService(event)) return;
    const plural = stringAt(crd, 'spec', 'names', 'plural') ?? '';
    if (registry.findAny(groupOf(crd), plural) !== undefined) registry.remove(groupOf(crd), plural);
    if (event.type === 'DELETED' || !isTrue(crd, 'Established')) {
      logger.info({ crd: crd.metadata.name }, 'custom resource is not served');
      return;
    }
    for (const definition of definitionsOf(crd, objectMeta)) registry.add(definition);
    logger.debug({ crd: crd.metadata.name }, 'custom resource is served');
  });
}

const groupOf = (crd: ApiObject): string => stringAt(crd, 'spec', 'group') ?? '';

/** Everything that the served resources are made of. */
function changesService({ type, current, previous }: StoreEvent): boolean {
  if (type === 'DELETED' || previous === undefined) return true;
  const parts = ({ object }: { readonly object: ApiObject }): unknown => [
    object['spec'],
    objectAt(object, 'status', 'acceptedNames'),
    isTrue(object, 'Established'),
  ];
  return !equalJson(parts(current), parts(previous));
}

const installing: Condition = {
  type: 'Established',
  status: 'False',
  reason: 'Installing',
  message: 'the initial names have been accepted',
};
const notAccepted: Condition = {
  type: 'Established',
  status: 'False',
  reason: 'NotAccepted',
  message: 'not all names are accepted',
};
const inService: Condition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};

function named(crd: ApiObject, others: readonly ApiObject[], now: Date): ApiObject | undefined {
  if (equalJson(objectAt(crd, 'spec', 'names'), objectAt(crd, 'status', 'acceptedNames'))) return undefined;
  const { acceptedNames, condition } = decideNames(crd, others);
  if (equalJson(acceptedNames, objectAt(crd, 'status', 'acceptedNames')) && hasCondition(crd, condition))
    return undefined;
  const next = withConditionOf({ ...crd, status: { ...objectAt(crd, 'status'), acceptedNames } }, condition, now);
  if (isTrue(crd, 'Established')) return next;
  return withConditionOf(next, condition.status === 'True' ? installing : notAccepted, now);
}

function approved(crd: ApiObject, now: Date): ApiObject | undefined {
  const condition = approvalCondition(crd);
  return condition === undefined || hasCondition(crd, condition) ? undefined : withConditionOf(crd, condition, now);
}

const established = (crd: ApiObject, now: Date): ApiObject | undefined =>
  isTrue(crd, 'NamesAccepted') && !isTrue(crd, 'Established') ? withConditionOf(crd, inService, now) : undefined;

const withConditionOf = (crd: ApiObject, condition: Condition, now: Date): ApiObject => ({
  ...crd,
  status: { ...objectAt(crd, 'status'), conditions: withCondition(crd, condition, timestamp(now)) },
});
