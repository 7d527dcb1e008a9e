// Client-side apply's annotation, as kubectl's server-side apply reads it and keeps it up to date.
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, objectAt, stringAt } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldSet } from './field-set.ts';
import { difference, union } from './field-set.ts';
import { ownablePart } from './ownership.ts';
import { compareFields, fieldsOf } from './walk.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** Of all annotations together, in bytes. */
const MAX_ANNOTATIONS = 256 * 1024;

/** The fields that client-side apply set and that still have its values; `undefined` without a usable annotation. */
export function lastAppliedFields(live: ApiObject, schema: Schema): FieldSet | undefined {
  const applied = parsed(stringAt(live, 'metadata', 'annotations', ANNOTATION) ?? '');
  if (applied === undefined || applied['apiVersion'] !== live.apiVersion) return undefined;
  const { added, modified, removed } = compareFields(ownablePart(applied), ownablePart(live), schema);
  return difference(fieldsOf(ownablePart(applied), schema), union(union(added, modified), removed));
}

/** `object` with the annotation of the applied configuration, when it has one already. */
export function withLastApplied(object: JsonObject, configuration: JsonObject): JsonObject {
  const metadata = objectAt(object, 'metadata');
  const annotations = objectAt(metadata, 'annotations');
  if ((stringAt(annotations, ANNOTATION) ?? '') === '') return object;
  const { [ANNOTATION]: _old, ...others } = annotations;
  const updated = { ...others, [ANNOTATION]: `${JSON.stringify(withoutAnnotation(configuration))}\n` };
  const size = Object.entries(updated).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(`${name}${String(value)}`),
    0,
  );
  return { ...object, metadata: { ...metadata, annotations: size > MAX_ANNOTATIONS ? others : updated } };
}

function withoutAnnotation(configuration: JsonObject): JsonObject {
  const metadata = objectAt(configuration, 'metadata');
  if (metadata['annotations'] === undefined) return sorted(configuration);
  const { [ANNOTATION]: _own, ...annotations } = objectAt(metadata, 'annotations');
  return sorted({ ...configuration, metadata: { ...metadata, annotations } });
}

/** Members in the order of their names, as Go writes maps. */
function sorted(value: JsonObject): JsonObject {
  return inOrder(value) as JsonObject;
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, inOrder(value[name])]),
  );
}

function parsed(text: string): JsonObject | undefined {
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
