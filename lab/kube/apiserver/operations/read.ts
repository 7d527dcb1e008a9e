// GET: one object, or a list with selectors, pages and resource versions.
import type { Core, Scope } from '../core.ts';
import { collectionOf, inVersion } from '../core.ts';
import type { ApiObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { objectKey } from '../registry/definition.ts';
import { matchesFields, parseFieldSelector } from '../selection/field-selector.ts';
import { matchesLabels } from '../selection/label-selector.ts';
import { parseLabelSelector } from '../selection/parse-labels.ts';
import type { StoredObject } from '../storage/store.ts';
import { expired, notFound, badRequest, StatusError } from '../status.ts';
import type { ContinuePoint } from './continue-token.ts';
import { decodeContinue, encodeContinue, NEWEST, PageExpired } from './continue-token.ts';
import type { ListOptions } from './list-options.ts';
import { cachedRevision, listOptionsOf, storedRevision } from './list-options.ts';

/** The stored object of a request. Throws 404, or 504 when it asks for a version of the future. */
export function getObject(core: Core, scope: Scope): StoredObject {
  const asked = cachedRevision(scope.query.get('resourceVersion') ?? '');
  if (asked > core.store.revision) throw futureRevision(asked, core.store.revision, RETRY_SECONDS);
  const entry = collectionOf(core, scope.definition).get(objectKey(scope.namespace, scope.name));
  if (entry === undefined) throw notFound(scope.definition, scope.name);
  return entry;
}

/** Which objects a list or a watch is about; absent when it is about all of its collection. */
export type Filter = (object: ApiObject) => boolean;

/** The filter of a request's selectors and namespace. Throws 400 for a faulty selector. */
export function filterOf(scope: Scope): Filter | undefined {
  const labels = scope.query.get('labelSelector') ?? '';
  const fields = scope.query.get('fieldSelector') ?? '';
  if (labels === '' && fields === '') return undefined;
  const labelSelector = parseLabelSelector(labels);
  const fieldSelector = parseFieldSelector(fields, scope.definition.fields, scope.definition.custom);
  return (object) =>
    matchesLabels(labelSelector, object.metadata.labels ?? {}) &&
    matchesFields(fieldSelector, scope.definition.fields, object);
}

/** Prefix of the keys that a request's namespace covers. */
export const keyPrefix = (scope: Pick<Scope, 'definition' | 'namespace'>): string | undefined =>
  scope.definition.namespaced && scope.namespace !== undefined ? `${scope.namespace}/` : undefined;

export interface ListPage {
  readonly items: readonly StoredObject[];
  readonly revision: number;
  readonly continueToken: string | undefined;
  /** How many keys follow; `undefined` on the last page, and with selectors. */
  readonly remaining: number | undefined;
}

/**
 * One page of a list. Throws 400 and 422 for faulty parameters, 410 for a version that was forgotten, 504 for one of the future.
 */
export function listObjects(core: Core, scope: Scope): ListPage {
  const options = listOptionsOf(scope.query, false);
  const filter = filterOf(scope);
  const point = pointOf(core, options);
  const prefix = keyPrefix(scope) ?? '';
  const collection = collectionOf(core, scope.definition);
  const from = `${prefix}${point.start}`;
  const exact = point.revision !== NEWEST;
  const entries = exact ? collection.listAt(point.revision, prefix, from) : collection.list(prefix, from);
  if (entries === undefined)
    throw options.continueToken === ''
      ? expired('The resourceVersion for the provided list is too old.')
      : new PageExpired(point.start);
  const revision = exact ? point.revision : core.store.revision;
  // A list of anything, version 0, is not cut into pages.
  const limit = options.resourceVersion === '0' && options.continueToken === '' ? 0 : options.limit;
  return cut(entries, filter, { limit, revision, prefix });
}

interface Cut {
  readonly limit: number;
  readonly revision: number;
  readonly prefix: string;
}

/** As many matching entries as the limit allows. More follow when keys are left, whether or not they will match. */
function cut(entries: readonly StoredObject[], filter: Filter | undefined, { limit, revision, prefix }: Cut): ListPage {
  const whole = { revision, continueToken: undefined, remaining: undefined };
  if (limit === 0 && filter === undefined) return { items: entries, ...whole };
  const items: StoredObject[] = [];
  for (const [index, entry] of entries.entries()) {
    if (filter !== undefined && !filter(entry.object)) continue;
    items.push(entry);
    const left = entries.length - index - 1;
    if (items.length !== limit || left === 0) continue;
    const { namespace, name } = entry.object.metadata;
    const lastKey = objectKey(namespace, name).slice(prefix.length);
    return {
      items,
      revision,
      continueToken: encodeContinue(lastKey, revision),
      remaining: filter === undefined ? left : undefined,
    };
  }
  return { items, ...whole };
}

const RETRY_SECONDS = 1;

/** Where a list begins and which version it shows. */
function pointOf(core: Core, options: ListOptions): ContinuePoint {
  const { resourceVersion, continueToken, match, limit } = options;
  const current = core.store.revision;
  if (continueToken !== '') {
    storedRevision(resourceVersion);
    const point = decodeContinue(continueToken);
    if (resourceVersion !== '' && resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    if (point.revision > current) throw futureOfStore();
    return point;
  }
  const paged = limit > 0 && resourceVersion !== '0';
  if (match !== 'Exact' && !paged) {
    const asked = cachedRevision(resourceVersion);
    if (asked > current) throw futureRevision(asked, current, RETRY_SECONDS);
    return { start: '', revision: NEWEST };
  }
  const asked = storedRevision(resourceVersion);
  if (match === 'NotOlderThan' || asked === 0) {
    if (asked > current) throw futureRevision(asked, current, 0);
    return { start: '', revision: NEWEST };
  }
  // With a limit, a version without a match means exactly that version.
  if (asked > current) throw futureOfStore();
  return { start: '', revision: asked };
}

/** 504: a client asks for more than has happened; it should retry (0: the Status does not say when). */
export function futureRevision(asked: number, current: number, retryAfterSeconds: number): StatusError {
  return new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
  });
}

/** The words of the database below a real server, which come through. */
const futureOfStore = (): StatusError =>
  new StatusError(500, '', 'etcdserver: mvcc: required revision is a future revision');

/** The objects of a page as the definition's version shows them. */
export const shown = (page: ListPage, definition: Definition): readonly ApiObject[] =>
  page.items.map((entry) => inVersion(entry, definition));
