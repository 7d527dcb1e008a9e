// The validation rules of a schema as a definition writes them: a rule that cannot be evaluated is refused, never skipped in silence.
import type { Shape } from '../cel/schema-types.ts';
import type { FieldError } from '../field-error.ts';
import { invalidValue, notSupported, required, ShownValue } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { ruleFieldPath } from './rule-field-path.ts';
import type { Cardinality } from './rule-costs.ts';
import { innerCardinality, RuleCosts } from './rule-costs.ts';
import { compileRulesOf, selfShape } from './rule-programs.ts';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Faults of every `x-kubernetes-validations` in the structural schema of a resource, at `path`. */
export function ruleDefinitionFaults(schema: JsonObject, path: string): FieldError[] {
  const written = writtenFaults(schema, path);
  // Without a sound schema, what the compiler says would mislead.
  if (written.length > 0) return written;
  const costs = new RuleCosts();
  const faults = compiledFaults({ schema, path, isResource: true, uncorrelated: undefined, cardinality: 1, costs });
  return [...faults, ...costs.totalFaults(path)];
}

interface Node {
  readonly schema: Schema;
  readonly path: string;
  readonly isResource: boolean;
  /** The list above that old and new items cannot be told apart in. */
  readonly uncorrelated: string | undefined;
  readonly cardinality: Cardinality;
  readonly costs: RuleCosts;
}

interface Child {
  readonly schema: Schema;
  readonly path: string;
}

function childrenOf({ properties, items, additionalProperties }: Schema, path: string): Child[] {
  return [
    ...Object.entries(properties ?? {})
      .filter(([, member]) => isObject(member))
      .map(([name, member]) => ({ schema: member, path: `${path}.properties[${name}]` })),
    ...(isObject(items) ? [{ schema: items, path: `${path}.items` }] : []),
    ...(isObject(additionalProperties) ? [{ schema: additionalProperties, path: `${path}.additionalProperties` }] : []),
  ];
}

const rulesOf = (schema: Schema): readonly ValidationRule[] => schema['x-kubernetes-validations'] ?? [];

function writtenFaults(schema: Schema, path: string): FieldError[] {
  const own = rulesOf(schema).flatMap((rule, index) =>
    textFaults(rule, schema, `${path}.x-kubernetes-validations[${index}]`),
  );
  return [...childrenOf(schema, path).flatMap((child) => writtenFaults(child.schema, child.path)), ...own];
}

const hasNewline = (text: string): boolean => /[\n\r]/.test(text);

function textFaults(entry: ValidationRule, schema: Schema, at: string): FieldError[] {
  const { rule, message = '', messageExpression = '', reason, fieldPath = '' } = entry;
  const errors: FieldError[] = [];
  if (rule.trim() === '') errors.push(required(`${at}.rule`, 'rule is not specified'));
  else if (message !== '' && message.trim() === '')
    errors.push(invalidValue(`${at}.message`, message, 'must be non-empty if specified'));
  else if (hasNewline(message.trim()))
    errors.push(invalidValue(`${at}.message`, message, 'must not contain line breaks'));
  else if (hasNewline(rule.trim()) && message.trim() === '')
    errors.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'));
  if (messageExpression !== '' && messageExpression.trim() === '')
    errors.push(required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
  if (fieldPath !== '' && fieldPath.trim() === '')
    errors.push(invalidValue(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified'));
  if (hasNewline(fieldPath)) errors.push(invalidValue(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'));
  if (fieldPath !== '' && ruleFieldPath(fieldPath, schema) === undefined)
    errors.push(invalidValue(`${at}.fieldPath`, fieldPath, 'must be a valid path'));
  return errors;
}

function compiledFaults(node: Node): FieldError[] {
  const { schema, path, isResource, uncorrelated, cardinality, costs } = node;
  const isUncorrelatedList = schema.type === 'array' && schema['x-kubernetes-list-type'] !== 'map';
  const inner = childrenOf(schema, path).flatMap((child) =>
    compiledFaults({
      ...child,
      costs,
      cardinality: innerCardinality(schema, cardinality),
      isResource: child.schema['x-kubernetes-embedded-resource'] === true,
      uncorrelated: uncorrelated ?? (isUncorrelatedList && child.schema === schema.items ? path : undefined),
    }),
  );
  const shape = rulesOf(schema).length === 0 ? undefined : selfShape(schema, isResource);
  return shape === undefined ? inner : [...inner, ...faultsAt(node, shape)];
}

function faultsAt({ schema, path, uncorrelated, cardinality, costs }: Node, shape: Shape): FieldError[] {
  return compileRulesOf(schema, shape).flatMap((compiled, index) => {
    const { rule, fault, messageFault, usesOldSelf } = compiled;
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const errors: FieldError[] = costs.observe(compiled, shape, cardinality, at);
    if (fault !== undefined) errors.push(invalidValue(`${at}.rule`, shownRule(rule), fault));
    if (messageFault !== undefined) errors.push(invalidValue(`${at}.messageExpression`, shownRule(rule), messageFault));
    if (usesOldSelf && uncorrelated !== undefined)
      errors.push(
        invalidValue(
          `${at}.rule`,
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`,
        ),
      );
    if (!usesOldSelf && rule.optionalOldSelf !== undefined)
      errors.push(
        invalidValue(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      );
    return errors;
  });
}

/** A rule in the notation of messages: Go's, pointers as addresses that nobody compares. */
function shownRule({
  rule,
  message = '',
  messageExpression = '',
  reason,
  fieldPath = '',
  optionalOldSelf,
}: ValidationRule): ShownValue {
  const pointer = (type: string, isSet: boolean): string => `(*${type})(${isSet ? '0xc000000000' : 'nil'})`;
  const text = (value: string): string => JSON.stringify(value);
  return new ShownValue(
    `apiextensions.ValidationRule{Rule:${text(rule)}, Message:${text(message)}, MessageExpression:${text(messageExpression)}, ` +
      `Reason:${pointer('apiextensions.FieldValueErrorReason', reason !== undefined)}, FieldPath:${text(fieldPath)}, ` +
      `OptionalOldSelf:${pointer('bool', optionalOldSelf !== undefined)}}`,
  );
}
