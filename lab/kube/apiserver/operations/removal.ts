// DELETE: graceful periods, finalizers, preconditions, and the moment an object really goes.
import type { AdmissionRequest } from '../admission/admission.ts';
import type { Core, Scope } from '../core.ts';
import { collectionOf, inVersion, timestamp } from '../core.ts';
import type { ApiObject } from '../json.ts';
import { equalJson } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { objectKey } from '../registry/definition.ts';
import { conflict, methodNotAllowed, notFound, StatusError } from '../status.ts';
import type { Collection, StoredObject } from '../storage/store.ts';
import type { DeleteOptions } from './delete-options.ts';
import { finalizersAfterDelete } from './deletion-finalizers.ts';
import type { ListPage } from './read.ts';

/** `removed`: gone now. Otherwise it is marked and goes when its grace or its finalizers end. */
export interface Deletion {
  readonly removed: boolean;
  readonly object: ApiObject;
}

/** Deletes `scope.name` once `ask` (default: admission) agrees. Throws 404 when there is none, 409 when a precondition fails. */
export async function deleteObject(
  core: Core,
  scope: Scope,
  options: DeleteOptions,
  ask = (old: ApiObject): Promise<void> => core.admission.validate(deletionOf(scope, old, options), undefined),
): Promise<Deletion> {
  const { definition } = scope;
  const collection = collectionOf(core, definition);
  const key = objectKey(scope.namespace, scope.name);
  for (;;) {
    const entry = collection.get(key);
    if (entry === undefined) throw notFound(definition, scope.name);
    const old = inVersion(entry, definition);
    checkPreconditions(definition, old, options);
    definition.rules.checkDelete?.(old);
    await ask(old);
    const step = nextStep(core, definition, old, options);
    if (options.dryRun) return { removed: step.removes, object: step.next ?? old };
    const stored = perform(collection, definition, key, entry, step);
    if (stored !== undefined) return { removed: step.removes, object: inVersion(stored, definition) };
  }
}

/**
 * Deletes every object of a page; those that are gone by now are passed over. Throws 405 for Namespaces, which no real server
 * deletes by collection.
 */
export async function deleteCollection(
  core: Core,
  scope: Scope,
  page: Pick<ListPage, 'items'>,
  options: DeleteOptions,
): Promise<void> {
  if (scope.definition.group === '' && scope.definition.kind === 'Namespace') throw methodNotAllowed();
  for (const { object } of page.items) {
    const { name, namespace } = object.metadata;
    try {
      const one = { ...scope, name, namespace };
      // Whoever is asked learns what goes by the old object: the request names none.
      await deleteObject(core, one, options, (old) =>
        core.admission.validate(deletionOf({ ...one, name: '' }, old, options), undefined),
      );
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }
}

/** A deletion as admission is asked about it. */
function deletionOf(scope: Scope, old: ApiObject, options: DeleteOptions): AdmissionRequest {
  const { uid, resourceVersion, gracePeriodSeconds, orphanDependents, propagationPolicy, dryRun } = options;
  const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
  const shown = { gracePeriodSeconds, preconditions, orphanDependents, propagationPolicy };
  return { scope, operation: 'DELETE', old, dryRun, options: shown };
}

/** What one DELETE does: `next` is stored when given, and `removes` says whether the object goes right after. */
interface Step {
  readonly next: ApiObject | undefined;
  readonly removes: boolean;
}

function nextStep(core: Core, definition: Definition, old: ApiObject, options: DeleteOptions): Step {
  const finalizers = finalizersAfterDelete(definition, old, options);
  const isBlocked = definition.rules.blocksRemoval?.(old) === true;
  if (isBlocked && old.metadata.deletionTimestamp !== undefined) return { next: undefined, removes: false };
  const grace = graceOf(core, definition, old, options.gracePeriodSeconds);
  if (grace === 'pending') return { next: undefined, removes: false };
  if (grace !== undefined) {
    const next = withMarks(definition, old, { ...grace, finalizers });
    return { next, removes: finalizers.length === 0 && grace.seconds === 0 };
  }
  if (finalizers.length === 0 && !isBlocked) return { next: undefined, removes: true };
  const now = core.clock.now().getTime();
  const ends = Math.min(now, Date.parse(old.metadata.deletionTimestamp ?? '') || now);
  const next = withMarks(definition, old, { ends, seconds: isBlocked ? undefined : 0, finalizers });
  return { next: equalJson(next, old) ? undefined : next, removes: false };
}

interface Marks {
  /** Unix milliseconds of metadata.deletionTimestamp. */
  readonly ends: number;
  /** `undefined` for Namespaces, whose deletion knows no grace. */
  readonly seconds: number | undefined;
}

/**
 * When a kind with grace ends: `undefined` for kinds without and for objects whose grace is over, `pending` when a deletion
 * under way goes on as it is. A later request may only shorten the grace.
 */
function graceOf(
  core: Core,
  { rules }: Definition,
  old: ApiObject,
  asked: number | undefined,
): Marks | 'pending' | undefined {
  if (rules.gracePeriod === undefined) return undefined;
  const requested = asked !== undefined && asked < 0 ? 1 : asked;
  const { deletionTimestamp, deletionGracePeriodSeconds: current = 0 } = old.metadata;
  if (deletionTimestamp === undefined) {
    const seconds = rules.gracePeriod(old, requested);
    return { seconds, ends: core.clock.now().getTime() + seconds * 1000 };
  }
  if (current === 0) return undefined;
  if (requested === undefined || requested >= current) return 'pending';
  return { seconds: requested, ends: Date.parse(deletionTimestamp) + (requested - current) * 1000 };
}

function withMarks(
  definition: Definition,
  old: ApiObject,
  { ends, seconds, finalizers }: Marks & { readonly finalizers: readonly string[] },
): ApiObject {
  const next: ApiObject = {
    ...old,
    metadata: { ...old.metadata, deletionTimestamp: timestamp(new Date(ends)), finalizers: [...finalizers] },
  };
  if (seconds !== undefined) next.metadata.deletionGracePeriodSeconds = seconds;
  if (finalizers.length === 0) delete next.metadata.finalizers;
  if (old.metadata.deletionTimestamp === undefined && (old.metadata.generation ?? 0) > 0)
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  definition.rules.markDeleted?.(next);
  return next;
}

/** Stores the step; `undefined` when something else was stored meanwhile. */
function perform(
  collection: Collection,
  definition: Definition,
  key: string,
  entry: StoredObject,
  { next, removes }: Step,
): StoredObject | undefined {
  const marked = next === undefined ? entry : collection.update(key, entry, definition.view?.toStored(next) ?? next);
  return marked !== undefined && removes ? collection.remove(key, marked, marked.object) : marked;
}

/** Says why a DELETE is refused whose preconditions do not hold; Namespaces have a wording of their own. */
function checkPreconditions(definition: Definition, { metadata }: ApiObject, options: DeleteOptions): void {
  const { uid, resourceVersion, name } = metadata;
  const isNamespace = definition.group === '' && definition.kind === 'Namespace';
  const refuse = (what: string, asked: string, actual: string | undefined, cause: string): never => {
    if (isNamespace)
      throw conflict(
        definition,
        name,
        `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${actual}`,
      );
    // Not a resource's name but the kind's: so it is on a real server.
    throw conflict(
      { group: definition.group, plural: definition.kind },
      name,
      `the ${what} in the precondition (${asked}) does not match the ${what} in record (${actual}). The object might have been ${cause}`,
    );
  };
  if (options.uid !== undefined && options.uid !== uid) refuse('UID', options.uid, uid, 'deleted and then recreated');
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    refuse('ResourceVersion', options.resourceVersion, resourceVersion, 'modified');
}

/** Is nothing left that keeps an object whose deletion was asked for? */
export function isRemovable(definition: Definition, object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return definition.rules.blocksRemoval?.(object) !== true;
}

const SHOWN_WHEN_GONE = ['Namespace', 'Pod', 'PodTemplate', 'Service', 'ServiceAccount'];

/** Kinds whose DELETE answers with the object that went, not with a Status (`ReturnDeletedObject` of their stores). */
export const answersWithObject = ({ group, kind }: Pick<Definition, 'group' | 'kind'>): boolean =>
  group === '' && SHOWN_WHEN_GONE.includes(kind);
