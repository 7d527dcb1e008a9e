// GET: one object, or a list with selectors, pages and resource versions.
import type { Core, Scope } from '../core.ts';
import { collectionOf, inVersion } from '../core.ts';
import type { ApiObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import { objectKey } from '../registry/definition.ts';
import { matchesFields, parseFieldSelector } from '../selection/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../selection/label-selector.ts';
import type { StoredObject } from '../storage/store.ts';
import { decodeContinue, encodeContinue } from '../storage/snapshots.ts';
import { badRequest, expired, notFound, StatusError } from '../status.ts';

/** The stored object of a request. Throws 404. */
export function getObject(core: Core, scope: Scope): StoredObject {
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
  const fieldSelector = parseFieldSelector(fields, scope.definition.fields);
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
  readonly remaining: number | undefined;
}

/** One page of a list. Throws 410 for a continue token whose snapshot is gone, 504 for a revision of the future. */
export function listObjects(core: Core, scope: Scope): ListPage {
  const limit = wholeNumber(scope.query, 'limit') ?? 0;
  const token = scope.query.get('continue') ?? '';
  if (token !== '') return continued(core, scope, token, limit);
  checkRevision(core, scope.query);
  const filter = filterOf(scope);
  const all = collectionOf(core, scope.definition).list(keyPrefix(scope));
  const items = filter === undefined ? all : all.filter((entry) => filter(entry.object));
  const revision = core.store.revision;
  if (limit <= 0 || items.length <= limit) return { items, revision, continueToken: undefined, remaining: undefined };
  const id = core.snapshots.keep({ items, revision });
  return page({ items, revision, id, offset: 0, limit });
}

function continued(core: Core, scope: Scope, token: string, limit: number): ListPage {
  if ((scope.query.get('resourceVersionMatch') ?? '') !== '')
    throw badRequest('resourceVersionMatch is forbidden for a list with a continue token');
  const decoded = decodeContinue(token);
  if (decoded === undefined) throw badRequest('continue key is not valid');
  const snapshot = core.snapshots.find(decoded.id);
  if (snapshot === undefined)
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
    );
  return page({
    ...snapshot,
    id: decoded.id,
    offset: decoded.offset,
    limit: limit <= 0 ? snapshot.items.length : limit,
  });
}

interface PageRequest {
  readonly items: readonly StoredObject[];
  readonly revision: number;
  readonly id: string;
  readonly offset: number;
  readonly limit: number;
}

function page({ items, revision, id, offset, limit }: PageRequest): ListPage {
  const end = offset + limit;
  const more = items.length - end;
  return {
    items: items.slice(offset, end),
    revision,
    continueToken: more > 0 ? encodeContinue(id, end) : undefined,
    remaining: more > 0 ? more : undefined,
  };
}

function checkRevision(core: Core, query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch') ?? '';
  const asked = parseRevision(query.get('resourceVersion') ?? '');
  if (match !== '' && match !== 'NotOlderThan' && match !== 'Exact')
    throw badRequest(
      `invalid resourceVersionMatch ${JSON.stringify(match)}: supported values: "NotOlderThan", "Exact"`,
    );
  if (match !== '' && asked === undefined)
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (asked === undefined || asked === 0) return;
  if (asked > core.store.revision) throw futureRevision(asked, core.store.revision);
  if (match === 'Exact' && asked !== core.store.revision)
    throw expired('The resourceVersion for the provided list is too old.');
}

/** 504: a client asks for more than has happened; it should retry. */
export function futureRevision(asked: number, current: number): StatusError {
  return new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** A resourceVersion parameter; `undefined` when not given. Throws 400 when it is no number. */
export function parseRevision(text: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: ${JSON.stringify(text)}: resourceVersion must be a whole number`);
  return Number(text);
}

/** A whole number among query parameters; `undefined` when not given. Throws 400 for anything else. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`invalid ${name} ${JSON.stringify(text)}: must be a whole number`);
  return Number(text);
}

/** The objects of a page as the definition's version shows them. */
export const shown = (page: ListPage, definition: Definition): readonly ApiObject[] =>
  page.items.map((entry) => inVersion(entry, definition));
