// Evaluates the validation rules of a schema over an object and, for transition rules, the object it replaces.
import { errorText } from '../../../../src/base/errors.ts';
import type { FieldError } from '../field-error.ts';
import { forbiddenField, invalidValue, required } from '../field-error.ts';
import { isObject } from '../json.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { memberSchema } from '../schema/schema.ts';
import { typeName } from '../schema/validate.ts';
import { itemsByStep } from '../apply/walk.ts';
import type { CompiledRule } from './cel/compile.ts';
import { compileRule } from './cel/compile.ts';

interface ReadyRule {
  readonly rule: ValidationRule;
  readonly compiled: CompiledRule;
}

/** The rules of a schema's parts, compiled once for the life of the definition. */
export type RuleTable = ReadonlyMap<Schema, readonly ReadyRule[]>;

export function compileRules(schema: Schema): RuleTable {
  const table = new Map<Schema, readonly ReadyRule[]>();
  collect(schema, table);
  return table;
}

function collect(schema: Schema, table: Map<Schema, readonly ReadyRule[]>): void {
  const ready = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => {
    const compiled = compileRule(rule.rule);
    return compiled.ok ? [{ rule, compiled }] : [];
  });
  if (ready.length > 0) table.set(schema, ready);
  for (const member of Object.values(schema.properties ?? {})) collect(member, table);
  if (schema.items !== undefined) collect(schema.items, table);
  if (typeof schema.additionalProperties === 'object') collect(schema.additionalProperties, table);
}

/** Faults of `value`; `old` is the value it replaces, `undefined` when there is none. */
export function ruleFaults(table: RuleTable, value: unknown, old: unknown, schema: Schema, path = ''): FieldError[] {
  if (table.size === 0 || value === undefined || value === null) return [];
  const own = (table.get(schema) ?? []).flatMap((ready) => faultOf(ready, value, old, path));
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return own;
    // Old items are found by their key; in lists without keys nothing is the successor of anything.
    const before =
      schema['x-kubernetes-list-type'] === 'map' && Array.isArray(old)
        ? itemsByStep(old, schema)
        : new Map<string, unknown>();
    const steps = schema['x-kubernetes-list-type'] === 'map' ? [...itemsByStep(value, schema).keys()] : [];
    return [
      ...own,
      ...value.flatMap((item, index) =>
        ruleFaults(table, item, before.get(steps[index] ?? ''), items, `${path}[${index}]`),
      ),
    ];
  }
  if (!isObject(value)) return own;
  const inner = Object.entries(value).flatMap(([name, member]) => {
    const described = memberSchema(schema, name);
    if (described === undefined) return [];
    return ruleFaults(
      table,
      member,
      isObject(old) ? old[name] : undefined,
      described,
      path === '' ? name : `${path}.${name}`,
    );
  });
  return [...own, ...inner];
}

function faultOf({ rule, compiled }: ReadyRule, value: unknown, old: unknown, path: string): FieldError[] {
  if (compiled.usesOldSelf && old === undefined) return [];
  const field = rule.fieldPath === undefined ? path : `${path}${rule.fieldPath}`;
  const shown = isObject(value) || Array.isArray(value) ? typeName(value) : value;
  try {
    if (compiled.passes(value, old)) return [];
    const message = rule.message ?? `failed rule: ${rule.rule}`;
    if (rule.reason === 'FieldValueForbidden') return [forbiddenField(field, message)];
    if (rule.reason === 'FieldValueRequired') return [required(field, message)];
    return [invalidValue(field, shown, message)];
  } catch (error) {
    return [invalidValue(field, shown, `rule evaluation error: ${rule.rule}: ${errorText(error)}`)];
  }
}
