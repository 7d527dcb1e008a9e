// A compact notation for the built-in kinds: one line a field, read once at start into structural schemas.
//
//   PodSpec                              a type; `atomic` after the name: server-side apply replaces it whole
//     containers []Container key=name    a list merged by a key, in strategic patches and in server-side apply
//     ports []ContainerPort key=containerPort map=containerPort,protocol    different keys for the two
//     finalizers []string set            a list of words merged as a set
//     restartPolicy string               int32 int64 double bool time microTime bytes quantity intOrString any jsonSchema
//     labels map string                  a map of words to the type
//     protocol string default="TCP"      the default as JSON (also completes list keys)
//     name! string                       required
import type { Schema } from './schema.ts';

const scalars: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bool: { type: 'boolean' },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { 'x-kubernetes-int-or-string': true, format: 'quantity' },
  intOrString: { 'x-kubernetes-int-or-string': true, format: 'int-or-string' },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
  jsonSchema: { 'x-kubernetes-preserve-unknown-fields': true, format: 'json-schema' },
};

/** Types by name. Types may refer to each other in any order, also across texts. */
export type TypeTable = ReadonlyMap<string, Schema>;

/** Reads texts in the notation. Throws on a line it cannot read or a type that is not defined: such a text is a programming error. */
export function readTypes(texts: readonly string[]): TypeTable {
  const table = new Map<string, Schema>();
  const pending: { readonly properties: Record<string, Schema>; readonly line: string }[] = [];
  for (const text of texts) {
    let properties: Record<string, Schema> | undefined;
    let required: string[] = [];
    for (const raw of text.split('\n')) {
      const line = raw.replace(/\s*#.*$/, '');
      if (line.trim() === '') continue;
      if (!line.startsWith(' ')) {
        const [name = '', flag] = line.trim().split(/\s+/);
        properties = {};
        required = [];
        table.set(name, {
          type: 'object',
          'x-type': name,
          properties,
          required,
          ...(flag === 'atomic' ? { 'x-kubernetes-map-type': 'atomic' as const } : {}),
        });
      } else if (properties === undefined) throw new Error(`schema notation: field before any type: ${line}`);
      else {
        pending.push({ properties, line: line.trim() });
        const name = line.trim().split(/\s+/)[0] ?? '';
        if (name.endsWith('!')) required.push(name.slice(0, -1));
      }
    }
  }
  for (const { properties, line } of pending) addField(table, properties, line);
  return table;
}

function addField(table: TypeTable, properties: Record<string, Schema>, line: string): void {
  const [marked = '', first = '', ...rest] = line.split(/\s+/);
  const name = marked.replace(/!$/, '');
  if (first === 'map') {
    const [type = '', ...flags] = rest;
    properties[name] = { type: 'object', additionalProperties: lookUp(table, type, line), ...mapFlags(flags, line) };
  } else if (first.startsWith('[]')) {
    properties[name] = { type: 'array', items: lookUp(table, first.slice(2), line), ...listFlags(rest, line) };
  } else {
    const fallback = rest.find((flag) => flag.startsWith('default='));
    const base = lookUp(table, first, line);
    // A copy would break the identity of struct types, so only scalars take a default.
    properties[name] =
      fallback === undefined ? base : { ...base, default: JSON.parse(fallback.slice('default='.length)) as unknown };
  }
}

function mapFlags(flags: readonly string[], line: string): Schema {
  if (flags.length === 0) return {};
  if (flags.length === 1 && flags[0] === 'atomic') return { 'x-kubernetes-map-type': 'atomic' };
  throw new Error(`schema notation: unknown flag: ${line}`);
}

function listFlags(flags: readonly string[], line: string): Schema {
  let schema: Schema = {};
  for (const flag of flags) {
    const [word = '', value = ''] = flag.split('=');
    if (word === 'key')
      schema = {
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': [value],
        'x-kubernetes-patch-merge-key': value,
        'x-kubernetes-patch-strategy': 'merge',
        ...schema,
      };
    else if (word === 'map')
      schema = { ...schema, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': value.split(',') };
    else if (word === 'set')
      schema = { ...schema, 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
    else throw new Error(`schema notation: unknown flag: ${line}`);
  }
  return schema;
}

function lookUp(table: TypeTable, name: string, line: string): Schema {
  if (name.startsWith('[]')) return { type: 'array', items: lookUp(table, name.slice(2), line) };
  const found = scalars[name] ?? table.get(name);
  if (found === undefined) throw new Error(`schema notation: type ${name} is not defined: ${line}`);
  return found;
}
