// One stored version of an object, and the change that brought it about.
import type { ApiObject } from '../json.ts';

/** One stored version of an object. Never changed after it was stored; its texts are made once, on first use. */
export class StoredObject {
  readonly object: ApiObject;
  #bare: string | undefined;
  constructor(object: ApiObject) {
    this.object = object;
  }
  /** As JSON, kind and apiVersion first. */
  get json(): string {
    const { kind, apiVersion } = this.object;
    return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},${this.bareJson.slice(1)}`;
  }
  /** As JSON without kind and apiVersion, as items of lists of built-in kinds are shown. */
  get bareJson(): string {
    this.#bare ??= bare(this.object);
    return this.#bare;
  }
}

/** The text without its kind; metadata is always there, so something follows it. */
function bare({ kind: _kind, apiVersion: _apiVersion, ...rest }: ApiObject): string {
  return JSON.stringify(rest);
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
export function atRevision(object: ApiObject, revision: number): StoredObject {
  return new StoredObject({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
}
