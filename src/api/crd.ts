// Turns a kind's zod schemas into its CustomResourceDefinition: structural, unknown fields kept, conditions merged by type.
import { z } from 'zod';
import type { KindDefinition, PrinterColumn } from './kinds.ts';
import { labels, MANAGED_BY } from './keys.ts';

export interface JsonObject {
  [key: string]: JsonValue;
}
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/** `<plural>.<group>`, the object's name and the generated file's. */
export function crdName({ resource }: KindDefinition): string {
  return `${resource.plural}.${resource.group}`;
}

/** The whole CustomResourceDefinition (apiextensions.k8s.io/v1) as plain JSON. Throws when a schema cannot be said structurally. */
export function customResourceDefinition(kind: KindDefinition): JsonObject {
  const { resource } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crdName(kind), labels: { [labels.managedBy]: MANAGED_BY } },
    spec: {
      group: resource.group,
      names: {
        kind: resource.kind,
        listKind: `${resource.kind}List`,
        plural: resource.plural,
        singular: kind.singular,
        shortNames: [...kind.shortNames],
      },
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: resource.version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns.map(column),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}

function column({ name, type, jsonPath, description, priority }: PrinterColumn): JsonObject {
  return {
    name,
    type,
    jsonPath,
    ...(description === undefined ? {} : { description }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function rootSchema(kind: KindDefinition): JsonObject {
  const spec = structural(kind.spec);
  if (kind.rules.length > 0)
    spec['x-kubernetes-validations'] = kind.rules.map(({ rule, message }) => ({ rule, message }));
  return {
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      status: structural(kind.status),
    },
  };
}

function structural(schema: z.ZodObject): JsonObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'throw',
  });
  return objectNode(json as JsonObject);
}

const KEPT = [
  'type',
  'description',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'nullable',
];

function node(schema: JsonValue | undefined): JsonObject {
  const source = asObject(schema);
  if (source['type'] === 'object') return objectNode(source);
  const result = pick(source, KEPT);
  if (typeof result['type'] !== 'string')
    throw new Error(`not structural, a type is missing: ${JSON.stringify(source)}`);
  if (source['type'] === 'array') result['items'] = node(source['items']);
  return result;
}

function objectNode(source: JsonObject): JsonObject {
  const result = pick(source, [...KEPT, 'required']);
  if (source['additionalProperties'] !== undefined) {
    result['additionalProperties'] = node(source['additionalProperties']);
    return result;
  }
  const properties = asObject(source['properties']);
  result['properties'] = Object.fromEntries(
    Object.entries(properties).map(([name, child]) => [
      name,
      name === 'conditions' ? conditionList(child) : node(child),
    ]),
  );
  // Fields of a newer program, or of a closed add-on that we take over from, must survive our writes (DESIGN, decision 10).
  result['x-kubernetes-preserve-unknown-fields'] = true;
  return result;
}

function conditionList(schema: JsonValue): JsonObject {
  return { ...node(schema), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] };
}

function pick(source: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])));
}

function asObject(value: JsonValue | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`not structural, an object was expected: ${JSON.stringify(value)}`);
}
