// Evaluates the validation rules of a schema over an object and, for transition rules, the object it replaces.
import type { Value } from '../cel/values.ts';
import { CelError, Optional } from '../cel/values.ts';
import { schemaValue } from '../cel/schema-values.ts';
import { withIdentity } from '../cel/schema-types.ts';
import type { FieldError } from '../field-error.ts';
import { duplicate, fieldErrorText, forbiddenField, invalidValue, required } from '../field-error.ts';
import { equalJson, isObject } from '../json.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { memberSchema } from '../schema/schema.ts';
import { itemsByStep } from '../apply/walk.ts';
import { ruleMessage } from './rule-message.ts';
import type { RuleProgram } from './rule-programs.ts';
import { compileRulesOf, selfShape } from './rule-programs.ts';

/** The rules of a schema's parts, compiled once for the life of the definition. */
export type RuleTable = ReadonlyMap<Schema, readonly RuleProgram[]>;

/** What all rules together may cost for one object. */
const OBJECT_BUDGET = 10_000_000;
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run';

/** Compiles the rules of a whole resource. */
export function compileRules(schema: Schema): RuleTable {
  const table = new Map<Schema, readonly RuleProgram[]>();
  collect(schema, true, table);
  return table;
}

function collect(schema: Schema, isResource: boolean, table: Map<Schema, readonly RuleProgram[]>): void {
  const shape = schema['x-kubernetes-validations'] === undefined ? undefined : selfShape(schema, isResource);
  const rules = shape === undefined ? [] : compileRulesOf(schema, shape);
  if (rules.length > 0) table.set(schema, rules);
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  for (const part of inner) collect(part, part['x-kubernetes-embedded-resource'] === true, table);
}

/**
 * Faults of `value`; `old` is the value it replaces, `undefined` when there is none. A rule that fails on a part which did not
 * change only warns.
 */
export function ruleFaults(
  table: RuleTable,
  value: unknown,
  old: unknown,
  schema: Schema,
  warn: (message: string) => void = () => undefined,
): FieldError[] {
  if (table.size === 0) return [];
  const run = new RuleRun(table, warn);
  run.visit({ value, old, schema, path: '', unchanged: equalJson(value, old), isResource: true });
  return run.errors;
}

/** One part of an object, with its counterpart in the object before. */
interface Part {
  readonly value: unknown;
  readonly old: unknown;
  readonly schema: Schema;
  readonly path: string;
  /** It, or a part it belongs to, is as it was. */
  readonly unchanged: boolean;
  readonly isResource: boolean;
}

class RuleRun {
  readonly errors: FieldError[] = [];
  readonly #table: RuleTable;
  readonly #warn: (message: string) => void;
  #budget = OBJECT_BUDGET;
  constructor(table: RuleTable, warn: (message: string) => void) {
    this.#table = table;
    this.#warn = warn;
  }

  /** Rules at a part, then at what it holds. Does nothing when the budget is spent. */
  visit(part: Part): void {
    const { value, schema } = part;
    if (this.#budget < 0 || value === undefined || value === null) return;
    const rules = this.#table.get(schema);
    if (rules !== undefined) this.#check(rules, part);
    if (Array.isArray(value)) this.#visitItems(value, part);
    else if (isObject(value)) this.#visitMembers(value, part);
  }

  #visitItems(items: readonly unknown[], { old, schema, path, unchanged }: Part): void {
    if (schema.items === undefined) return;
    const isKeyed = schema['x-kubernetes-list-type'] === 'map';
    // Old items are found by their key; in lists without keys nothing is the successor of anything.
    const before = isKeyed && Array.isArray(old) ? itemsByStep(old, schema) : new Map<string, unknown>();
    for (const [index, item] of items.entries()) {
      const [step = ''] = isKeyed ? Array.from(itemsByStep([item], schema).keys()) : [];
      const previous = before.get(step);
      this.visit({
        value: item,
        old: previous,
        schema: schema.items,
        path: `${path}[${index}]`,
        unchanged: isKeyed ? unchanged || equalJson(item, previous) : unchanged,
        isResource: schema.items['x-kubernetes-embedded-resource'] === true,
      });
    }
  }

  #visitMembers(members: Readonly<Record<string, unknown>>, { old, schema, path, unchanged }: Part): void {
    const isStruct = schema.properties !== undefined;
    for (const [name, value] of Object.entries(members)) {
      const described = memberSchema(schema, name);
      if (described === undefined) continue;
      const previous = isObject(old) ? old[name] : undefined;
      this.visit({
        value,
        old: previous,
        schema: described,
        path: isStruct ? (path === '' ? name : `${path}.${name}`) : `${path}[${name}]`,
        unchanged: unchanged || (old !== undefined && equalJson(value, previous)),
        isResource: described['x-kubernetes-embedded-resource'] === true,
      });
    }
  }

  #check(rules: readonly RuleProgram[], part: Part): void {
    const { schema, path, old } = part;
    const shown = schema.type ?? '';
    if (this.#budget <= 0) {
      this.#stop(invalidValue(path, shown, OUT_OF_BUDGET));
      return;
    }
    const seen = part.isResource ? withIdentity(schema) : schema;
    const [self, oldSelf] = [lazily(part.value, seen), lazily(old, seen)];
    const hasOld = old !== undefined && old !== null;
    for (const rule of rules) {
      if (this.#budget < 0) return;
      const { program, usesOldSelf } = rule;
      const isOptional = rule.rule.optionalOldSelf === true;
      if (program === undefined || (usesOldSelf && !hasOld && !isOptional)) continue;
      const activation = (name: string): Value | undefined => {
        if (name === 'self') return self();
        if (name !== 'oldSelf') return undefined;
        if (isOptional) return new Optional(hasOld ? oldSelf() : undefined);
        return hasOld ? oldSelf() : undefined;
      };
      const outcome = program.run(activation);
      const text = ruleText(rule.rule);
      if (outcome.cost > this.#budget) {
        this.#stop(invalidValue(path, shown, OUT_OF_BUDGET));
        return;
      }
      this.#budget -= outcome.cost;
      if (outcome.ok) {
        if (outcome.value !== true) this.#failed(rule, part, activation);
      } else if (outcome.isLimit) {
        const why = `'${outcome.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
        this.#stop(invalidValue(path, shown, why));
      } else if (outcome.message.startsWith('no such overload')) {
        const why = `'${outcome.message}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`;
        this.errors.push(invalidValue(path, shown, why));
      } else this.errors.push(invalidValue(path, shown, `${outcome.message} evaluating rule: ${text}`));
    }
  }

  #failed(rule: RuleProgram, { path, schema, unchanged }: Part, activation: (name: string) => Value | undefined): void {
    const field =
      rule.fieldPath === '' || rule.fieldPath.startsWith('[') || path === ''
        ? `${path}${rule.fieldPath}`
        : `${path}.${rule.fieldPath}`;
    const message = ruleMessage(rule, activation, this.#budget);
    const shown = schema.type ?? '';
    if (message.fault !== undefined) {
      this.#stop(invalidValue(field, shown, message.fault));
      return;
    }
    this.#budget -= message.cost;
    const error = errorFor(rule.rule, field, shown, message.text ?? defaultMessage(rule.rule));
    if (!rule.usesOldSelf && unchanged) this.#warn(fieldErrorText(error));
    else this.errors.push(error);
  }

  #stop(error: FieldError): void {
    this.errors.push(error);
    this.#budget = -1;
  }
}

/** Made when a rule first asks for it, and once. */
function lazily(json: unknown, schema: Schema): () => Value {
  let made: Value | CelError | undefined;
  return () => {
    if (made === undefined) {
      try {
        made = schemaValue(json, schema);
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        made = error;
      }
    }
    if (made instanceof CelError) throw made;
    return made;
  };
}

/** How messages about a rule name it. */
const ruleText = ({ message, rule }: ValidationRule): string => (message ? message.trim() : rule.trim());

const defaultMessage = ({ message, rule }: ValidationRule): string =>
  message ? message.trim() : `failed rule: ${rule.trim()}`;

function errorFor({ reason }: ValidationRule, field: string, shown: string, message: string): FieldError {
  if (reason === 'FieldValueForbidden') return forbiddenField(field, message);
  if (reason === 'FieldValueRequired') return required(field, message);
  if (reason === 'FieldValueDuplicate') return duplicate(field, shown);
  return invalidValue(field, shown, message);
}
