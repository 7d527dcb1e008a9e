// What the rules of a definition may cost at most, estimated before any object exists: too expensive ones are refused.
import { estimateCost } from '../cel/estimate.ts';
import type { Program } from '../cel/program.ts';
import type { Shape } from '../cel/schema-types.ts';
import { plus, times } from '../cel/size-estimate.ts';
import type { FieldError } from '../field-error.ts';
import { forbiddenField } from '../field-error.ts';
import type { Schema } from '../schema/schema.ts';
import type { RuleProgram } from './rule-programs.ts';

/** Of one rule or message expression, and of all rules of a schema. */
const RULE_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;
const MAX_REQUEST = 3 * 1024 * 1024;
/** Rules below a hundredth of the limit are not named when the whole is too expensive. */
const NAMED_FROM = SCHEMA_LIMIT / 100;
const MOST_NAMED = 4;

/** How often a part of a schema can occur in one object; `undefined` when nothing bounds it. */
export type Cardinality = number | undefined;

/** How often the parts of `schema` occur, which itself occurs `own` times. */
export function innerCardinality(schema: Schema, own: Cardinality): Cardinality {
  const most =
    schema.type === 'array'
      ? schema.maxItems
      : schema.type === 'object' && schema.additionalProperties !== undefined
        ? schema.maxProperties
        : 1;
  return own === undefined || most === undefined ? undefined : times(own, Math.max(0, most));
}

/** Adds up the rules of one schema. */
export class RuleCosts {
  readonly #named: { readonly path: string; readonly cost: number }[] = [];
  #total = 0;

  /** Faults of one rule at `at` that costs too much by itself. */
  observe({ program, messageProgram }: RuleProgram, shape: Shape, cardinality: Cardinality, at: string): FieldError[] {
    const often = cardinality ?? Math.floor(MAX_REQUEST / (shape.minSize + 1));
    return [
      ...(program === undefined
        ? []
        : this.#count(times(costOf(program, shape), often), `${at}.rule`, 'estimated rule cost')),
      ...(messageProgram === undefined
        ? []
        : this.#count(costOf(messageProgram, shape), `${at}.messageExpression`, 'estimated messageExpression cost')),
    ];
  }

  #count(cost: number, path: string, what: string): FieldError[] {
    this.#total = plus(this.#total, cost);
    if (cost >= NAMED_FROM) this.#named.push({ path, cost });
    return cost > RULE_LIMIT ? [forbiddenField(path, exceeds(what, cost, RULE_LIMIT))] : [];
  }

  /** Faults of the whole schema at `path`. */
  totalFaults(path: string): FieldError[] {
    if (this.#total <= SCHEMA_LIMIT) return [];
    const named = [...this.#named].sort((one, two) => two.cost - one.cost).slice(0, MOST_NAMED);
    return [
      ...named.map((rule) =>
        forbiddenField(
          rule.path,
          'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      ),
      forbiddenField(
        path,
        exceeds(
          'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
          this.#total,
          SCHEMA_LIMIT,
        ),
      ),
    ];
  }
}

const costOf = ({ expression, annotations }: Program, shape: Shape): number =>
  estimateCost(expression, annotations, shape);

function exceeds(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
