// What every operation of the server shares, and what belongs to one request.
import type { Clock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/logger.ts';
import type { Authorizer } from './access/rbac.ts';
import type { Tokens } from './access/tokens.ts';
import type { User } from './access/user.ts';
import type { Admission } from './admission/admission.ts';
import type { BodyReader } from './http/body.ts';
import type { ApiObject } from './json.ts';
import type { Definition, RuleContext, Subresource } from './registry/definition.ts';
import { apiVersionOf, collectionId, objectKey } from './registry/definition.ts';
import type { Registry } from './registry/registry.ts';
import type { FindNodeStreams } from './streaming/node-streams.ts';
import type { Collection, Store, StoredObject } from './storage/store.ts';

/** Where names and identities come from. */
export interface IdSource {
  uid(): string;
  /** The random end of a generated name: five characters. */
  nameSuffix(): string;
}

export interface Core {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ids: IdSource;
  readonly store: Store;
  readonly registry: Registry;
  readonly tokens: Tokens;
  readonly authorizer: Authorizer;
  readonly admission: Admission;
  readonly readBody: BodyReader;
  /** Absent: no kubelet is at hand. */
  readonly nodeStreams?: FindNodeStreams | undefined;
}

/** One request about a resource. */
export interface Scope {
  readonly user: User;
  readonly definition: Definition;
  readonly namespace: string | undefined;
  /** '' when the request is about the collection. */
  readonly name: string;
  readonly subresource: Subresource | undefined;
  readonly query: URLSearchParams;
  readonly userAgent: string;
  /** Adds a Warning header to the answer. */
  readonly warn: (message: string) => void;
}

export function collectionOf(core: Pick<Core, 'store'>, definition: Definition): Collection {
  const { view } = definition;
  if (view === undefined) return core.store.collection(collectionId(definition));
  const stored = core.store.collection(collectionId(view.stored));
  return {
    ...stored,
    get size() {
      return stored.size;
    },
    get oldestRevision() {
      return stored.oldestRevision;
    },
    create: (key, object, texts) => stored.create(key, view.toStored(object), texts),
    update: (key, expected, object) => stored.update(key, expected, view.toStored(object)),
    remove: (key, expected, last) => stored.remove(key, expected, view.toStored(last)),
  };
}

/** Timestamps as Kubernetes writes them: RFC 3339 with whole seconds. */
export function timestamp(date: Date): string {
  const year = date.getUTCFullYear();
  // The long way round takes longer than all the rest of an object's metadata.
  if (!(year >= 1000 && year <= 9999)) return `${date.toISOString().slice(0, -'.000Z'.length)}Z`;
  const day = `${year}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`;
  return `${day}T${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}Z`;
}

const twoDigits = (number: number): string => (number < 10 ? `0${number}` : String(number));

/** The lookups that rules of kinds may make. */
export function ruleContext(
  core: Pick<Core, 'store' | 'clock'>,
  scope: Pick<Scope, 'warn' | 'subresource'>,
): RuleContext {
  return {
    specIsSound: false,
    subresource: scope.subresource,
    now: core.clock.now(),
    find: (group, plural, namespace, name) =>
      core.store.collection(collectionId({ group, plural })).get(objectKey(namespace, name))?.object,
    all: (group, plural) =>
      core.store
        .collection(collectionId({ group, plural }))
        .list()
        .map((entry) => entry.object),
    warn: scope.warn,
  };
}

/** The object as the version of a definition shows it. */
export function inVersion(entry: StoredObject, definition: Definition): ApiObject {
  if (definition.view !== undefined) return definition.view.fromStored(entry.object);
  const apiVersion = apiVersionOf(definition);
  return entry.object.apiVersion === apiVersion ? entry.object : { ...entry.object, apiVersion };
}

/** The JSON text of `inVersion`, made once for the stored version. */
export function jsonInVersion(entry: StoredObject, definition: Definition): string {
  const shown = inVersion(entry, definition);
  return shown === entry.object ? entry.json : JSON.stringify(shown);
}
