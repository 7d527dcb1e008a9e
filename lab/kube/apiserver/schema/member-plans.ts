// Which members of a described value a walk has to look into, worked out once per schema instead of once per object.
import { isObject } from '../json.ts';
import type { Schema } from './schema.ts';

/** What a walk does with values of one schema. `own` is whatever the walk has worked out for the schema itself. */
export interface MemberPlan<Own> {
  readonly own: Own;
  /** Described members that the walk has something to do in or below. */
  readonly members: readonly (readonly [name: string, schema: Schema])[];
  /** The schema of the members of a map, when there is something to do in or below them. */
  readonly additional: Schema | undefined;
  readonly items: Schema | undefined;
}

/** What a walk does at one schema; `undefined` for nothing. */
export type OwnWork<Own> = (schema: Schema) => Own | undefined;

/**
 * Plans for one kind of walk. Schemas may contain themselves, so each is planned when it is first met. The plans belong to
 * whoever asked for this function.
 */
export function createMemberPlans<Own>(workOf: OwnWork<Own>): (schema: Schema) => MemberPlan<Own | undefined> {
  const plans = new Map<Schema, MemberPlan<Own | undefined>>();
  const reaches = (schema: Schema, seen = new Set<Schema>()): boolean => {
    if (seen.has(schema)) return false;
    seen.add(schema);
    return workOf(schema) !== undefined || parts(schema).some((part) => reaches(part, seen));
  };
  return (schema) => {
    const known = plans.get(schema);
    if (known !== undefined) return known;
    const { items, additionalProperties: additional } = schema;
    const plan = {
      own: workOf(schema),
      members: Object.entries(schema.properties ?? {}).filter(([, member]) => reaches(member)),
      additional: typeof additional === 'object' && reaches(additional) ? additional : undefined,
      items: items !== undefined && reaches(items) ? items : undefined,
    };
    plans.set(schema, plan);
    return plan;
  };
}

function parts({ properties = {}, items, additionalProperties: additional }: Schema): readonly Schema[] {
  return [
    ...Object.values(properties),
    ...(items === undefined ? [] : [items]),
    ...(typeof additional === 'object' ? [additional] : []),
  ];
}

/** Visits `value` and what is below it, outside first: every object whose schema has work of its own. */
export function visitPlanned<Own>(
  value: unknown,
  schema: Schema,
  planOf: (schema: Schema) => MemberPlan<Own | undefined>,
  visit: (value: Record<string, unknown>, own: Own) => void,
): void {
  const plan = planOf(schema);
  if (Array.isArray(value)) {
    if (plan.items !== undefined) for (const item of value) visitPlanned(item, plan.items, planOf, visit);
    return;
  }
  if (!isObject(value)) return;
  if (plan.own !== undefined) visit(value, plan.own);
  for (const [name, described] of plan.members) {
    const member = value[name];
    if (typeof member === 'object' && member !== null) visitPlanned(member, described, planOf, visit);
  }
  if (plan.additional === undefined) return;
  for (const name of Object.keys(value)) {
    if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) continue;
    visitPlanned(value[name], plan.additional, planOf, visit);
  }
}
