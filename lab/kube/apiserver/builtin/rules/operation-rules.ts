// What webhook configurations and admission policies have in common: rules of operations, selectors, and match conditions.
import type { Compilation } from '../../cel/program.ts';
import { compileExpression } from '../../cel/program.ts';
import { formatType } from '../../cel/types.ts';
import { admissionVariables } from '../../admission/expression-variables.ts';
import type { FieldError } from '../../field-error.ts';
import { duplicate, invalidValue, notSupported, required, ShownValue, tooMany } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { equalJson, isObject, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { pathSegmentFault, qualifiedNameFaults } from '../../names.ts';
import { labelSelectorFaults } from './field-checks.ts';
import { goStrings } from './go-value.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const MATCH_POLICIES = ['Equivalent', 'Exact'];

/** Faults of one RuleWithOperations. */
export function operationRuleFaults(rule: JsonObject, at: string): FieldError[] {
  const operations = stringsAt(rule, 'operations');
  const groups = stringsAt(rule, 'apiGroups');
  const versions = stringsAt(rule, 'apiVersions');
  const scope = stringAt(rule, 'scope') ?? '*';
  return [
    ...(operations.length === 0 ? [required(`${at}.operations`)] : []),
    ...alone(operations, `${at}.operations`, 'operations', '[]admissionregistration.OperationType'),
    ...operations.flatMap((operation, index) =>
      OPERATIONS.includes(operation) ? [] : [notSupported(`${at}.operations[${index}]`, operation, OPERATIONS)],
    ),
    ...(groups.length === 0 ? [required(`${at}.apiGroups`)] : []),
    ...alone(groups, `${at}.apiGroups`, 'API groups'),
    ...(versions.length === 0 ? [required(`${at}.apiVersions`)] : []),
    ...alone(versions, `${at}.apiVersions`, 'API versions'),
    ...versions.flatMap((version, index) => (version === '' ? [required(`${at}.apiVersions[${index}]`)] : [])),
    ...resourceFaults(stringsAt(rule, 'resources'), `${at}.resources`),
    ...(['*', 'Cluster', 'Namespaced'].includes(scope)
      ? []
      : [notSupported(`${at}.scope`, scope, ['*', 'Cluster', 'Namespaced'])]),
  ];
}

const alone = (words: readonly string[], at: string, what: string, type = '[]string'): FieldError[] =>
  words.length > 1 && words.includes('*')
    ? [invalidValue(at, shownList(type, words), `if '*' is present, must not specify other ${what}`)]
    : [];

/** A list in Go's notation. */
const shownList = (type: string, words: readonly string[]): ShownValue =>
  new ShownValue(`${type}{${words.map((word) => JSON.stringify(word)).join(', ')}}`);

function resourceFaults(resources: readonly string[], at: string): FieldError[] {
  const errors: FieldError[] = resources.length === 0 ? [required(at)] : [];
  const [wholes, everywhere] = [new Set<string>(), new Set<string>()];
  let plain = false;
  for (const [index, pattern] of resources.entries()) {
    if (pattern === '') {
      errors.push(required(`${at}[${index}]`));
      continue;
    }
    const slash = pattern.indexOf('/');
    if (slash < 0) {
      plain = pattern !== '*';
      continue;
    }
    const [resource, subresource] = [pattern.slice(0, slash), pattern.slice(slash + 1)];
    const refuse = (by: string): void =>
      void errors.push(invalidValue(`${at}[${index}]`, pattern, `if '${by}' is present, must not specify ${pattern}`));
    if (wholes.has(resource)) refuse(`${resource}/*`);
    if (everywhere.has(subresource)) refuse(`*/${subresource}`);
    if (subresource === '*') wholes.add(resource);
    if (resource === '*') everywhere.add(subresource);
  }
  const shown = goStrings(resources);
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidValue(at, shown, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && plain)
    errors.push(invalidValue(at, shown, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

/** Fills in MatchResources. */
export function defaultMatchResources(owner: JsonObject, member: string): void {
  const resources = owner[member];
  if (!isObject(resources)) return;
  resources['matchPolicy'] ??= 'Equivalent';
  resources['namespaceSelector'] ??= {};
  resources['objectSelector'] ??= {};
  for (const list of ['resourceRules', 'excludeResourceRules'])
    for (const rule of objectsAt(resources, list)) rule['scope'] ??= '*';
}

/** Faults of MatchResources, when there are any. */
export function matchResourcesFaults(resources: unknown, at: string): FieldError[] {
  if (!isObject(resources)) return [];
  const policy = stringAt(resources, 'matchPolicy') ?? '';
  const rules = (list: string): FieldError[] =>
    objectsAt(resources, list).flatMap((rule, index) => namedRuleFaults(rule, `${at}.${list}[${index}]`));
  return [
    ...(MATCH_POLICIES.includes(policy) ? [] : [notSupported(`${at}.matchPolicy`, policy, MATCH_POLICIES)]),
    ...labelSelectorFaults(resources['namespaceSelector'], `${at}.namespaceSelector`),
    ...labelSelectorFaults(resources['objectSelector'], `${at}.objectSelector`),
    ...rules('resourceRules'),
    ...rules('excludeResourceRules'),
  ];
}

function namedRuleFaults(rule: JsonObject, at: string): FieldError[] {
  const names = stringsAt(rule, 'resourceNames');
  const faults = names.flatMap((name, index) => {
    const fault = pathSegmentFault(name);
    return [
      ...(fault === undefined ? [] : [invalidValue(`${at}.resourceNames[${index}]`, name, fault)]),
      ...(names.indexOf(name) < index ? [duplicate(`${at}.resourceNames[${index}]`, name)] : []),
    ];
  });
  return [...faults, ...operationRuleFaults(rule, at)];
}

/** Faults of `matchConditions`. Conditions that are as they were are not judged again. */
export function matchConditionFaults(
  owner: JsonObject,
  old: JsonObject | undefined,
  at: string,
  params: boolean,
): FieldError[] {
  const conditions = objectsAt(owner, 'matchConditions');
  if (old !== undefined && equalJson(objectsAt(old, 'matchConditions'), conditions)) return [];
  const names = conditions.map((condition) => stringAt(condition, 'name') ?? '');
  return [
    ...(conditions.length > 64 ? [tooMany(at, conditions.length, 64)] : []),
    ...conditions.flatMap((condition, index) => {
      const place = `${at}[${index}]`;
      const expression = (stringAt(condition, 'expression') ?? '').trim();
      const name = names[index] ?? '';
      return [
        ...(expression === ''
          ? [required(`${place}.expression`)]
          : expressionFaults(
              compileExpression(expression, admissionVariables({ params, authorizer: true })),
              ['bool'],
              expression,
              `${place}.expression`,
            )),
        ...(name === ''
          ? [required(`${place}.name`)]
          : qualifiedNameFaults(name).map((fault) => invalidValue(`${place}.name`, name, fault))),
        ...(name !== '' && names.indexOf(name) < index ? [duplicate(`${place}.name`, name)] : []),
      ];
    }),
  ];
}

/** Faults of a compiled expression that has to give one of `wanted` types; none given takes every type. */
export function expressionFaults(
  compiled: Compilation,
  wanted: readonly string[],
  shown: string,
  at: string,
): FieldError[] {
  if (!compiled.ok) {
    const stage = compiled.stage === 'compilation' ? 'compilation failed' : 'program instantiation failed';
    return [invalidValue(at, shown, `${stage}: ${compiled.text}`)];
  }
  const given = formatType(compiled.program.type);
  const names = wanted.map((name) => (name === 'null' ? 'null_type' : name));
  if (wanted.length === 0 || wanted.includes(given)) return [];
  const what = names.length === 1 ? (names[0] ?? '') : `one of [${names.join(' ')}]`;
  return [invalidValue(at, shown, `must evaluate to ${what} but got ${given}`)];
}

export const isMatchPolicy = (policy: string): boolean => MATCH_POLICIES.includes(policy);

/** Faults of the selectors of a webhook. */
export const webhookSelectorFaults = (webhook: JsonObject, at: string): FieldError[] => [
  ...labelSelectorFaults(objectAt(webhook, 'namespaceSelector'), `${at}.namespaceSelector`),
  ...labelSelectorFaults(objectAt(webhook, 'objectSelector'), `${at}.objectSelector`),
];
