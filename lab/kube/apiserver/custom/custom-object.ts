// Custom objects between a request, storage and an answer: pruning, nulls, defaults and conversion between versions.
import type { ApiObject, JsonObject } from '../json.ts';
import { cloneJson, equalJson, isObject } from '../json.ts';
import { decodeBuiltIn } from '../schema/decode.ts';
import { applyDefaults, dropForbiddenNulls } from '../schema/defaulting.ts';
import { pruneResource } from '../schema/prune.ts';
import type { Schema } from '../schema/schema.ts';
import { coerceEmbedded } from './embedded-resources.ts';

/** What a definition says about the objects of one of its versions. */
export interface CustomObjects {
  /** The schema as the definition gives it. */
  readonly schema: Schema;
  /** A fresh draft from a request. `unknown` gets the paths that were dropped. Throws DecodeError for malformed metadata. */
  readonly decode: (given: JsonObject, unknown: string[]) => ApiObject;
  /** A stored object as this version shows it: what its own version prunes and defaults by now, converted. */
  readonly show: (stored: ApiObject) => ApiObject;
  /** An object of this version as it is stored: converted to the storage version. */
  readonly store: (object: ApiObject) => ApiObject;
}

/** The versions of a definition, served or not. */
export interface CustomVersions {
  readonly group: string;
  readonly storage: string;
  readonly schemas: ReadonlyMap<string, Schema>;
  /** Of ObjectMeta. */
  readonly objectMeta: Schema;
}

/** Conversion strategy None: versions differ in their name and in what their schemas keep. */
export function customObjects(version: string, versions: CustomVersions): CustomObjects {
  const { group, storage, schemas, objectMeta } = versions;
  const schema = schemas.get(version) ?? {};
  // Stored objects do not change, so what they look like is worked out once.
  const shown = new WeakMap<ApiObject, ApiObject>();
  const converted = (object: ApiObject, to: string): ApiObject =>
    pruned({ ...object, apiVersion: `${group}/${to}` }, schemas.get(to) ?? {}, []);

  const show = (stored: ApiObject): ApiObject => {
    const from = stored.apiVersion.split('/').at(-1) ?? '';
    const own = schemas.get(from) ?? {};
    const current = pruned(cloneJson(stored), own, []);
    coerceEmbedded(current, own, { objectMeta, unknown: [], lenient: true });
    applyDefaults(current, own);
    const result = from === version ? current : converted(current, version);
    return equalJson(result, stored) ? stored : result;
  };

  return {
    schema,
    decode(given, unknown) {
      const { metadata, ...rest } = given;
      const decoded = decodeBuiltIn(metadata, objectMeta);
      unknown.push(...decoded.unknown.map((path) => `metadata.${path}`));
      const draft = cloneJson(pruned({ ...rest, metadata: decoded.value }, schema, unknown));
      coerceEmbedded(draft, schema, { objectMeta, unknown, lenient: false });
      return draft;
    },
    show(stored) {
      const known = shown.get(stored);
      if (known !== undefined) return known;
      const result = show(stored);
      shown.set(stored, result);
      return result;
    },
    store(object) {
      return object.apiVersion === `${group}/${storage}` ? object : converted(object, storage);
    },
  };
}

/** Without what the schema does not describe and the nulls it does not allow; the metadata stays as it is. */
function pruned(object: JsonObject, schema: Schema, unknown: string[]): ApiObject {
  const { metadata, ...rest } = object;
  const kept = cloneJson(pruneResource(rest, schema, unknown));
  dropForbiddenNulls(kept, schema);
  return { ...kept, metadata: isObject(metadata) ? metadata : {} } as ApiObject;
}
