// anyOf, oneOf, allOf and not.
import { invalidValue } from '../field-error.ts';
import { Findings } from './findings.ts';
import type { Schema } from './schema.ts';

type Validate = (part: Schema) => Findings;

/** The fault of a combination carries no field; the faults of the parts that explain it follow. */
export function combinationFindings(schema: Schema, path: string, validate: Validate): Findings {
  const result = new Findings();
  const say = (detail: string): void => {
    const message = `${JSON.stringify(path)} ${detail}`;
    result.add(message, invalidValue('', '', message));
  };
  const { anyOf = [], oneOf = [], allOf = [], not } = schema;
  if (anyOf.length > 0) {
    const outcomes = untilClean(anyOf, validate);
    const first = outcomes.find((outcome) => outcome.clean);
    if (first === undefined) say('must validate at least one schema (anyOf)');
    result.merge(first ?? furthest(outcomes));
  }
  if (oneOf.length > 0) {
    const outcomes = oneOf.map((part) => validate(part));
    const clean = outcomes.filter((outcome) => outcome.clean);
    if (clean.length === 0) {
      say('must validate one and only one schema (oneOf). Found none valid');
      result.merge(furthest(outcomes));
    } else if (clean.length > 1)
      say(`must validate one and only one schema (oneOf). Found ${clean.length} valid alternatives`);
    else result.merge(clean[0]);
  }
  if (allOf.length > 0) {
    const outcomes = allOf.map((part) => validate(part));
    for (const outcome of outcomes) result.merge(outcome);
    const clean = outcomes.filter((outcome) => outcome.clean).length;
    if (clean < outcomes.length) say(`must validate all the schemas (allOf)${clean === 0 ? '. None validated' : ''}`);
  }
  if (not !== undefined && validate(not).clean) say('must not validate the schema (not)');
  result.matched += 1;
  return result;
}

/** Outcomes up to and including the first clean one: what comes after it is not looked at. */
function untilClean(parts: readonly Schema[], outcomeOf: (part: Schema) => Findings): readonly Findings[] {
  const outcomes: Findings[] = [];
  for (const part of parts) {
    const outcome = outcomeOf(part);
    outcomes.push(outcome);
    if (outcome.clean) break;
  }
  return outcomes;
}

/** The failed alternative that matched most; of equals the first. */
function furthest(outcomes: readonly Findings[]): Findings | undefined {
  return outcomes.reduce<Findings | undefined>(
    (best, outcome) => (best === undefined || outcome.matched > best.matched ? outcome : best),
    undefined,
  );
}
