// Validation of what decides where Pods run: tolerations, taints, affinity, spreading.
import type { FieldError } from '../../field-error.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, ShownValue } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, plainText, stringAt, stringsAt } from '../../json.ts';
import { labelKeyFaults, labelNameFault, labelValueFaultOf, subdomainNameFault } from '../../names.ts';
import { labelSelectorFaults } from './field-checks.ts';
import { goStruct } from './go-value.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Faults of tolerations at `path` (the list's). */
export const tolerationsFaults = (tolerations: readonly JsonObject[], path: string): FieldError[] =>
  tolerations.flatMap((toleration, index) => tolerationFaults(toleration, `${path}[${index}]`));

function tolerationFaults(toleration: JsonObject, at: string): FieldError[] {
  const [key, operator, value, effect] = ['key', 'operator', 'value', 'effect'].map((name) =>
    plainText(toleration[name]),
  ) as [string, string, string, string];
  return [
    ...(key === '' ? [] : labelKeyFaults(key, `${at}.key`)),
    ...(key === '' && operator !== 'Exists'
      ? [
          invalidValue(
            `${at}.operator`,
            operator,
            'operator must be Exists when `key` is empty, which means "match all values and all keys"',
          ),
        ]
      : []),
    ...(toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute'
      ? [invalidValue(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")]
      : []),
    ...operatorFaults(toleration, operator, value, at),
    ...(effect === '' || EFFECTS.includes(effect) ? [] : [notSupported(`${at}.effect`, effect, EFFECTS)]),
  ];
}

function operatorFaults(toleration: JsonObject, operator: string, value: string, at: string): FieldError[] {
  if (operator === 'Exists') {
    if (value === '') return [];
    const shown = goStruct('core.Toleration', [
      ['Key', plainText(toleration['key'])],
      ['Operator', operator],
      ['Value', value],
      ['Effect', plainText(toleration['effect'])],
    ]).text.replace(/}$/, ', TolerationSeconds:(*int64)(nil)}');
    return [invalidValue(`${at}.operator`, new ShownValue(shown), "value must be empty when `operator` is 'Exists'")];
  }
  if (operator !== 'Equal' && operator !== '') return [notSupported(`${at}.operator`, operator, ['Equal', 'Exists'])];
  const fault = labelValueFaultOf(value);
  return fault === undefined ? [] : [invalidValue(`${at}.operator`, value, fault)];
}

/** Faults of a Node's taints, under the path that a real server gives them. */
export function taintsFaults(taints: readonly JsonObject[], path: string): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const at = `${path}[${index}]`;
    const [key, value, effect] = ['key', 'value', 'effect'].map((name) => plainText(taint[name])) as [
      string,
      string,
      string,
    ];
    const valueFault = labelValueFaultOf(value);
    const repeated = seen.has(`${effect} ${key}`);
    seen.add(`${effect} ${key}`);
    return [
      ...labelKeyFaults(key, `${at}.key`),
      ...(valueFault === undefined ? [] : [invalidValue(`${at}.value`, value, valueFault)]),
      ...(effect === ''
        ? [required(`${at}.effect`)]
        : EFFECTS.includes(effect)
          ? []
          : [notSupported(`${at}.effect`, effect, EFFECTS)]),
      ...(repeated ? [repeatedTaint(at, key, value, effect)] : []),
    ];
  });
}

const repeatedTaint = (at: string, key: string, value: string, effect: string): FieldError => ({
  ...duplicate(
    at,
    new ShownValue(
      `core.Taint{Key:${JSON.stringify(key)}, Value:${JSON.stringify(value)}, Effect:${JSON.stringify(effect)}, TimeAdded:<nil>}`,
    ),
  ),
  detail: 'taints must be unique by key and effect pair',
});

/** Faults of `affinity` of a Pod's spec at `path`. */
export function affinityFaults(spec: JsonObject, path: string): FieldError[] {
  const at = `${path}.affinity`;
  const required_ = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  const node = objectAt(spec, 'affinity', 'nodeAffinity');
  const selector = node[required_];
  return [
    ...(isObject(selector) ? nodeSelectorFaults(selector, `${at}.nodeAffinity.${required_}`) : []),
    ...objectsAt(node, preferred).flatMap((term, index) => {
      const termAt = `${at}.nodeAffinity.${preferred}[${index}]`;
      return [...weightFault(term, termAt), ...nodeTermFaults(objectAt(term, 'preference'), `${termAt}.preference`)];
    }),
    ...['podAffinity', 'podAntiAffinity'].flatMap((name) => {
      const affinity = objectAt(spec, 'affinity', name);
      return [
        ...objectsAt(affinity, required_).flatMap((term, index) =>
          podTermFaults(term, `${at}.${name}.${required_}[${index}]`),
        ),
        ...objectsAt(affinity, preferred).flatMap((term, index) => {
          const termAt = `${at}.${name}.${preferred}[${index}]`;
          return [
            ...weightFault(term, termAt),
            ...podTermFaults(objectAt(term, 'podAffinityTerm'), `${termAt}.podAffinityTerm`),
          ];
        }),
      ];
    }),
  ];
}

function weightFault(term: JsonObject, at: string): FieldError[] {
  const weight = numberAt(term, 'weight') ?? 0;
  return weight >= 1 && weight <= 100 ? [] : [invalidValue(`${at}.weight`, weight, 'must be in the range 1-100')];
}

function nodeSelectorFaults(selector: JsonObject, at: string): FieldError[] {
  const terms = objectsAt(selector, 'nodeSelectorTerms');
  if (terms.length === 0) return [required(`${at}.nodeSelectorTerms`, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => nodeTermFaults(term, `${at}.nodeSelectorTerms[${index}]`));
}

const nodeTermFaults = (term: JsonObject, at: string): FieldError[] => [
  ...objectsAt(term, 'matchExpressions').flatMap((expression, index) =>
    nodeExpressionFaults(expression, `${at}.matchExpressions[${index}]`),
  ),
  ...objectsAt(term, 'matchFields').flatMap((expression, index) =>
    nodeFieldFaults(expression, `${at}.matchFields[${index}]`),
  ),
];

function nodeExpressionFaults(expression: JsonObject, at: string): FieldError[] {
  const operator = plainText(expression['operator']);
  const values = stringsAt(expression, 'values').length;
  const faults: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values === 0) faults.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values > 0)
      faults.push(forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values !== 1)
      faults.push(required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else faults.push(invalidValue(`${at}.operator`, operator, 'not a valid selector operator'));
  return [...faults, ...labelKeyFaults(plainText(expression['key']), `${at}.key`)];
}

function nodeFieldFaults(expression: JsonObject, at: string): FieldError[] {
  const operator = plainText(expression['operator']);
  const key = plainText(expression['key']);
  const values = stringsAt(expression, 'values');
  return [
    ...(operator === 'In' || operator === 'NotIn'
      ? values.length === 1
        ? []
        : [
            required(
              `${at}.values`,
              "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
            ),
          ]
      : [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')]),
    ...(key === 'metadata.name'
      ? values.flatMap((value, index) => {
          const fault = subdomainNameFault(value);
          return fault === undefined ? [] : [invalidValue(`${at}.values[${index}]`, value, fault)];
        })
      : [invalidValue(`${at}.key`, key, 'not a valid field selector key')]),
  ];
}

function podTermFaults(term: JsonObject, at: string): FieldError[] {
  const key = plainText(term['topologyKey']);
  return [
    ...labelSelectorFaults(term['labelSelector'], `${at}.labelSelector`),
    ...labelSelectorFaults(term['namespaceSelector'], `${at}.namespaceSelector`),
    ...stringsAt(term, 'namespaces').flatMap((name) => {
      const fault = labelNameFault(name);
      return fault === undefined ? [] : [invalidValue(`${at}.namespace`, name, fault)];
    }),
    ...(key === '' ? [required(`${at}.topologyKey`, 'can not be empty')] : []),
    ...labelKeyFaults(key, `${at}.topologyKey`),
  ];
}

/** Faults of `topologySpreadConstraints` at `path`. */
export function spreadFaults(spec: JsonObject, path: string): FieldError[] {
  const constraints = objectsAt(spec, 'topologySpreadConstraints');
  const keyOf = (constraint: JsonObject): string =>
    `{${stringAt(constraint, 'topologyKey') ?? ''}, ${stringAt(constraint, 'whenUnsatisfiable') ?? ''}}`;
  return constraints.flatMap((constraint, index) => {
    const at = `${path}.topologySpreadConstraints[${index}]`;
    const skew = numberAt(constraint, 'maxSkew') ?? 0;
    const when = plainText(constraint['whenUnsatisfiable']);
    const repeated = constraints.slice(index + 1).some((other) => keyOf(other) === keyOf(constraint));
    return [
      ...(skew <= 0 ? [invalidValue(`${at}.maxSkew`, skew, 'must be greater than zero')] : []),
      ...((stringAt(constraint, 'topologyKey') ?? '') === ''
        ? [required(`${at}.topologyKey`, 'can not be empty')]
        : []),
      ...(['DoNotSchedule', 'ScheduleAnyway'].includes(when)
        ? []
        : [notSupported(`${at}.whenUnsatisfiable`, when, ['DoNotSchedule', 'ScheduleAnyway'])]),
      ...(repeated ? [duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, keyOf(constraint))] : []),
      ...labelSelectorFaults(constraint['labelSelector'], `${at}.labelSelector`),
    ];
  });
}
