// One stored version of an object, and the change that brought it about.
import type { ApiObject, JsonObject } from '../json.ts';

/** The JSON texts of lists and objects that were written out before they were stored, to be used for exactly these. */
export type KnownTexts = Map<unknown, string>;

/** One stored version of an object. Never changed after it was stored; its texts are made once, on first use. */
export class StoredObject {
  readonly object: ApiObject;
  #members: string | undefined;
  #known: KnownTexts | undefined;
  constructor(object: ApiObject, known?: KnownTexts) {
    this.object = object;
    this.#known = known;
  }
  /** As JSON, kind and apiVersion first. */
  get json(): string {
    const { kind, apiVersion } = this.object;
    return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},${this.#bareMembers()}`;
  }
  /** As JSON without kind and apiVersion, as items of lists of built-in kinds are shown. */
  get bareJson(): string {
    return `{${this.#bareMembers()}`;
  }
  /** Put together and never cut, which would make a copy of it: so parts that are alike in many objects are in memory once. */
  #bareMembers(): string {
    if (this.#members !== undefined) return this.#members;
    this.#members = membersWithoutKind(this.object, this.#known);
    this.#known = undefined;
    return this.#members;
  }
}

/** The text without its kind and the first brace; metadata is always there. */
function membersWithoutKind(object: ApiObject, known: KnownTexts | undefined): string {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  const { metadata, spec, ...others } = rest;
  const { managedFields, ...plain } = metadata;
  const owners = known?.get(managedFields);
  if (owners === undefined) return JSON.stringify(rest).slice(1);
  const meta = `${JSON.stringify(plain).slice(0, -1)},"managedFields":${owners}}`;
  const specText = known?.get(spec);
  if (specText === undefined) return `"metadata":${meta}${membersBehind({ spec, ...others })}`;
  return `"metadata":${meta},"spec":${specText}${membersBehind(others)}`;
}

/** The members of an object behind a comma, and the last brace. */
function membersBehind(object: JsonObject): string {
  const text = JSON.stringify(object).slice(1);
  return text === '}' ? text : `,${text}`;
}

/** A change, in the order of `revision`. `current` of a DELETED event is the last state with the revision of the deletion. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly revision: number;
  readonly current: StoredObject;
  readonly previous: StoredObject | undefined;
}

/** A copy of a version that carries another resourceVersion. */
export function atRevision(object: ApiObject, revision: number, known?: KnownTexts): StoredObject {
  return new StoredObject({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }, known);
}
