// The record of a new object's fields, kept by what it depends on: which fields there are, and hardly ever what is in them.
import type { ApiObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { Definition, Subresource } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { Schema } from '../schema/schema.ts';
import { memberSchema } from '../schema/schema.ts';
import { emptyBuiltIn } from './always-written.ts';
import { formatFieldSet, isEmptySet } from './field-set.ts';
import type { NewFields } from './new-entry.ts';
import { createNewEntries } from './new-entry.ts';
import { ownedByCreator } from './ownership.ts';
import { resetFieldsOf } from './reset-fields.ts';
import { itemStep } from './walk.ts';

/** Shapes that are remembered, of all kinds together, and how long the description of one may be. */
const MAX_SHAPES = 256;
const MAX_SHAPE_CHARACTERS = 8_192;

/** What is owned by whoever creates an object of a built-in kind; what is found belongs to whoever asked for this function. */
export function createNewFields(): (
  object: ApiObject,
  definition: Definition,
  subresource: Subresource | undefined,
) => NewFields | undefined {
  const found = new Map<string, NewFields | undefined>();
  const sharedShape = createSharedShapes();
  const work = (
    object: ApiObject,
    definition: Definition,
    subresource: Subresource | undefined,
  ): NewFields | undefined => {
    const { schema } = definition;
    const set = ownedByCreator(object, {
      schema,
      empty: emptyBuiltIn(schema),
      resets: resetFieldsOf(definition, subresource),
    });
    return isEmptySet(set) ? undefined : createNewEntries(formatFieldSet(set));
  };
  return (object, definition, subresource) => {
    const shape = `${apiVersionOf(definition)} ${definition.kind} ${subresource ?? ''} ${shapeOf(object, definition.schema, sharedShape)}`;
    if (found.has(shape)) return found.get(shape);
    const fields = work(object, definition, subresource);
    if (shape.length > MAX_SHAPE_CHARACTERS) return fields;
    if (found.size >= MAX_SHAPES) found.clear();
    found.set(shape, fields);
    return fields;
  };
}

/** Names for frozen members, which stand for their shapes: who froze one keeps it the same for good. */
function createSharedShapes(): (value: unknown) => string | undefined {
  const names = new WeakMap<object, string>();
  let count = 0;
  return (value) => {
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return undefined;
    const known = names.get(value);
    if (known !== undefined) return known;
    count += 1;
    const name = ` #${count},`;
    names.set(value, name);
    return name;
  };
}

/**
 * Everything of a value that the comparison with an empty object looks at. Two objects of one shape differ in values only, and
 * in none that an empty object has (those are zero values, which have signs of their own).
 */
function shapeOf(
  value: unknown,
  schema: Schema | undefined,
  sharedShape?: (value: unknown) => string | undefined,
): string {
  if (typeof value === 'string') return value === '' ? ' "",' : ' s,';
  if (typeof value === 'number') return value === 0 ? ' 0,' : ' s,';
  if (typeof value === 'boolean') return value ? ' s,' : ' f,';
  if (value === undefined) return ' u,';
  if (Array.isArray(value)) return listShape(value, schema);
  if (!isObject(value)) return ' n,';
  const properties = schema?.properties;
  let shape = ' {';
  for (const name in value) {
    const described = memberSchema(schema, name);
    // Names of fields are words; all others may hold anything, hence their length.
    shape += properties !== undefined && Object.hasOwn(properties, name) ? name : `${name.length}:${name}`;
    shape += sharedShape?.(value[name]) ?? shapeOf(value[name], described);
  }
  return `${shape}},`;
}

function listShape(list: readonly unknown[], schema: Schema | undefined): string {
  const listType = schema?.['x-kubernetes-list-type'];
  const keyed = listType === 'map' || listType === 'set';
  let shape = ' [';
  for (const item of list) {
    if (keyed) {
      const step = itemStep(item, schema);
      shape += `${step.length}:${step}`;
    }
    shape += shapeOf(item, schema?.items);
  }
  return `${shape}],`;
}
