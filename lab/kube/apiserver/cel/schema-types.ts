// The type that a structural schema has in expressions, with the sizes that costs are estimated from.
import type { Schema } from '../schema/schema.ts';
import { escapeProperty } from './property-names.ts';
import type { CelType } from './types.ts';
import { listOf, mapOf, objectOf, types } from './types.ts';

/** A type, and how large a value of it may get in one request. */
export interface Shape {
  readonly type: CelType;
  /** Bytes of the smallest value in JSON. */
  readonly minSize: number;
  /** Most items of a list, members of a map, or characters of a text; 0 for everything else. */
  readonly maxElements: number;
  /** Of items, or of a map's values. */
  readonly element: Shape | undefined;
  /** Of an object's members, by escaped name. */
  readonly fields: ReadonlyMap<string, Shape>;
}

/** A request is at most 3 MiB. */
const MAX_REQUEST = 3 * 1024 * 1024;
const NO_FIELDS: ReadonlyMap<string, Shape> = new Map();

const plain = (type: CelType, minSize: number, maxElements = 0): Shape => ({
  type,
  minSize,
  maxElements,
  element: undefined,
  fields: NO_FIELDS,
});

const FORMATS: Readonly<Record<string, Shape>> = {
  duration: plain(types.duration, 3, 32),
  date: plain(types.timestamp, 12, 12),
  'date-time': plain(types.timestamp, 21, 32),
};

/** What is known of every object that has a name of its own. */
const OBJECT_META: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
};

/** The schema of a resource or an embedded one, with the little of its metadata that expressions may see. */
export function withIdentity(schema: Schema): Schema {
  return {
    ...schema,
    properties: {
      ...schema.properties,
      kind: { type: 'string' },
      apiVersion: { type: 'string' },
      metadata: OBJECT_META,
    },
  };
}

/** `undefined` for what expressions do not see. `name` is the type's name in messages; `isResource`: it has an identity. */
export function shapeOf(schema: Schema, name: string, isResource: boolean): Shape | undefined {
  if (schema['x-kubernetes-int-or-string'] === true)
    return plain(types.dyn, 1, schema.maxLength === undefined ? MAX_REQUEST - 2 : schema.maxLength * 4);
  const seen = isResource ? withIdentity(schema) : schema;
  switch (seen.type) {
    case 'array':
      return listShape(seen, name);
    case 'object':
      return typeof seen.additionalProperties === 'object' ? mapShape(seen, name) : objectShape(seen, name);
    case 'string':
      return textShape(seen);
    case 'boolean':
      return plain(types.bool, 4);
    case 'number':
      return plain(types.double, 1);
    case 'integer':
      return plain(types.int, 1);
    case undefined:
      return undefined;
  }
}

const isEmbedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true;

function listShape({ items, maxItems }: Schema, name: string): Shape | undefined {
  const element = items === undefined ? undefined : shapeOf(items, `${name}.@idx`, isEmbedded(items));
  if (element === undefined) return undefined;
  const most = maxItems ?? Math.floor((MAX_REQUEST - 2) / (element.minSize + 1));
  return { type: listOf(element.type), minSize: 2, maxElements: Math.max(0, most), element, fields: NO_FIELDS };
}

function mapShape({ additionalProperties, maxProperties }: Schema, name: string): Shape | undefined {
  if (typeof additionalProperties !== 'object') return undefined;
  const element = shapeOf(additionalProperties, `${name}.@elem`, isEmbedded(additionalProperties));
  if (element === undefined) return undefined;
  const most = maxProperties ?? Math.floor((MAX_REQUEST - 2) / (element.minSize + 6));
  return {
    type: mapOf(types.string, element.type),
    minSize: 2,
    maxElements: Math.max(0, most),
    element,
    fields: NO_FIELDS,
  };
}

function objectShape(schema: Schema, name: string): Shape {
  const fields = new Map<string, Shape>();
  const required = schema.required ?? [];
  let minSize = 2;
  for (const [property, described] of Object.entries(schema.properties ?? {})) {
    const shape = shapeOf(described, `${name}.${property}`, isEmbedded(described));
    if (shape === undefined) continue;
    const escaped = escapeProperty(property);
    if (escaped !== undefined) fields.set(escaped, shape);
    if (required.includes(property) && described.default === undefined) minSize += property.length + shape.minSize + 4;
  }
  const type = objectOf(name, new Map([...fields].map(([field, shape]) => [field, shape.type])));
  return { type, minSize, maxElements: 0, element: undefined, fields };
}

function textShape(schema: Schema): Shape {
  const { format = '', maxLength } = schema;
  const known = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (known !== undefined) return known;
  if (format === 'byte') return plain(types.bytes, 2, maxLength ?? MAX_REQUEST - 2);
  const longest = (schema.enum ?? []).reduce<number>(
    (most, word) => Math.max(most, typeof word === 'string' ? Buffer.byteLength(word) : 0),
    0,
  );
  const most = maxLength === undefined ? (schema.enum === undefined ? MAX_REQUEST - 2 : longest) : maxLength * 4;
  return plain(types.string, 2, most);
}
