// DELETE: graceful periods, finalizers, preconditions, and the moment an object really goes.
import type { Core, Scope } from '../core.ts';
import { collectionOf, inVersion, timestamp } from '../core.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, numberAt, stringAt } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { objectKey } from '../registry/definition.ts';
import { badRequest, conflict, notFound, notImplemented } from '../status.ts';
import { isDryRun } from './options.ts';

export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** `removed`: gone now. Otherwise it is marked and goes when its grace or its finalizers end. */
export interface Deletion {
  readonly removed: boolean;
  readonly object: ApiObject;
}

/** Reads DeleteOptions from the body and the query. Throws 501 for the propagation policies that need a garbage collector's help. */
export function deleteOptionsOf(query: URLSearchParams, body: unknown): DeleteOptions {
  const options: JsonObject = isObject(body) ? body : {};
  const policy = query.get('propagationPolicy') ?? stringAt(options, 'propagationPolicy') ?? 'Background';
  if (policy !== 'Background') throw notImplemented(`propagationPolicy ${policy}; use Background`);
  if (options['orphanDependents'] === true || query.get('orphanDependents') === 'true')
    throw notImplemented('orphanDependents; use propagationPolicy Background');
  const asked = query.get('gracePeriodSeconds');
  const grace = asked === null ? numberAt(options, 'gracePeriodSeconds') : Number(asked);
  if (grace !== undefined && !Number.isInteger(grace))
    throw badRequest(`invalid gracePeriodSeconds ${JSON.stringify(asked)}: must be a whole number`);
  return {
    gracePeriodSeconds: grace,
    uid: stringAt(options, 'preconditions', 'uid'),
    resourceVersion: stringAt(options, 'preconditions', 'resourceVersion'),
  };
}

/** Deletes `scope.name`. Throws 404 when there is none, 409 when a precondition fails. */
export async function deleteObject(core: Core, scope: Scope, options: DeleteOptions): Promise<Deletion> {
  const { definition } = scope;
  const collection = collectionOf(core, definition);
  const key = objectKey(scope.namespace, scope.name);
  const dryRun = isDryRun(scope.query);
  for (;;) {
    const entry = collection.get(key);
    if (entry === undefined) throw notFound(definition, scope.name);
    const old = inVersion(entry, definition);
    checkPreconditions(definition, old, options);
    definition.rules.checkDelete?.(old);
    await core.admission.validate({ scope, operation: 'DELETE', old, dryRun }, undefined);
    const marked = markedForDeletion(core, definition, old, options.gracePeriodSeconds);
    if (marked === undefined) return { removed: false, object: old };
    const removed = isRemovable(definition, marked);
    if (dryRun) return { removed, object: marked };
    const stored = removed ? collection.remove(key, entry, old) : collection.update(key, entry, marked);
    if (stored !== undefined) return { removed, object: inVersion(stored, definition) };
  }
}

function checkPreconditions(definition: Definition, old: ApiObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = old.metadata;
  if (options.uid !== undefined && options.uid !== uid)
    throw conflict(
      definition,
      old.metadata.name,
      `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${uid}`,
    );
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    throw conflict(
      definition,
      old.metadata.name,
      `Precondition failed: ResourceVersion in precondition: ${options.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
}

/** The object with its deletion recorded; `undefined` when a repeated request changes nothing. A later request may only shorten the grace. */
function markedForDeletion(
  core: Core,
  definition: Definition,
  old: ApiObject,
  requested: number | undefined,
): ApiObject | undefined {
  const grace = Math.max(0, definition.rules.gracePeriod?.(old, requested) ?? 0);
  const now = core.clock.now().getTime();
  const already = old.metadata.deletionTimestamp !== undefined;
  if (already) {
    const current = old.metadata.deletionGracePeriodSeconds ?? 0;
    // Without an explicit period, or with a longer one, the deletion under way goes on as it is.
    if (requested === undefined || requested >= current) return undefined;
    const began = Date.parse(old.metadata.deletionTimestamp ?? '') - current * 1000;
    const ends = timestamp(new Date(began + grace * 1000));
    return { ...old, metadata: { ...old.metadata, deletionTimestamp: ends, deletionGracePeriodSeconds: grace } };
  }
  const marked: ApiObject = {
    ...old,
    metadata: {
      ...old.metadata,
      deletionTimestamp: timestamp(new Date(now + grace * 1000)),
      deletionGracePeriodSeconds: grace,
    },
  };
  if (definition.rules.tracksGeneration === true) marked.metadata.generation = (old.metadata.generation ?? 0) + 1;
  definition.rules.markDeleted?.(marked);
  return marked;
}

/** Is nothing left that keeps an object whose deletion was asked for? */
export function isRemovable(definition: Definition, object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return definition.rules.blocksRemoval?.(object) !== true;
}
