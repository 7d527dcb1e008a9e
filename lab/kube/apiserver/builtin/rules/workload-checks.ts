// What the rules of all workloads share: selectors that select their own template, rolling updates, template defaults.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import { ShownValue } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, equalJson, isObject, numberAt, objectAt, objectsAt, stringMapAt } from '../../json.ts';
import { matchesLabels, selectorFromObject } from '../../selection/label-selector.ts';
import { labelSelectorFaults } from './field-checks.ts';
import { goLabelSelector, goStringMap } from './go-value.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { podTemplateFaults } from './pod-validation.ts';

/** Sets `target[name]` unless it is there. */
export const setDefault = (target: JsonObject, name: string, value: unknown): void => {
  if (target[name] === undefined) target[name] = value;
};

/** Fills in the Pod template of a workload's spec; a template that is absent stays so. */
export function defaultTemplate(spec: JsonObject): void {
  const template = ensureObject(spec, 'template');
  ensureObject(template, 'metadata');
  defaultPodSpec(ensureObject(template, 'spec'));
}

const templateLabels = (spec: JsonObject): JsonObject => objectAt(spec, 'template', 'metadata', 'labels');

/** The selector is absent, malformed or (where `emptyFor` names the kind) empty. */
export function selectorFaults(
  spec: JsonObject,
  emptyFor: string | undefined,
  malformed = 'invalid label selector',
): FieldError[] {
  const { selector } = spec;
  if (!isObject(selector)) return [required('spec.selector')];
  const faults = labelSelectorFaults(selector, 'spec.selector');
  return [
    ...faults,
    ...emptySelectorFaults(selector, emptyFor),
    ...(hasBadExpression(faults) ? [invalidValue('spec.selector', goLabelSelector(selector), malformed)] : []),
  ];
}

/** An expression that cannot be evaluated, so that nothing can be said about what it selects. */
const hasBadExpression = (faults: readonly FieldError[]): boolean =>
  faults.some(({ field }) => field.includes('matchExpressions'));

export function emptySelectorFaults(selector: unknown, emptyFor: string | undefined): FieldError[] {
  const count = Object.keys(objectAt(selector, 'matchLabels')).length + objectsAt(selector, 'matchExpressions').length;
  return emptyFor === undefined || count > 0 || !isObject(selector)
    ? []
    : [invalidValue('spec.selector', goLabelSelector(selector), `empty selector is invalid for ${emptyFor}`)];
}

/** The template's labels are not selected. An absent selector selects nothing; a malformed one is reported elsewhere. */
export function mismatchFaults(spec: JsonObject): FieldError[] {
  const { selector } = spec;
  if (isObject(selector) && hasBadExpression(labelSelectorFaults(selector, 'spec.selector'))) return [];
  const selects =
    isObject(selector) &&
    matchesLabels(selectorFromObject(selector), stringMapAt(spec, 'template', 'metadata', 'labels'));
  const labels = templateLabels(spec);
  const shown = goStringMap(Object.keys(labels).length === 0 ? undefined : labels);
  return selects
    ? []
    : [invalidValue('spec.template.metadata.labels', shown, '`selector` does not match template `labels`')];
}

/** What Pods of a workload that keeps them running may not have; `kind` is how messages name the workload. */
export function runningTemplateFaults(spec: JsonObject, kind: string): FieldError[] {
  const podSpec = objectAt(spec, 'template', 'spec');
  const policy = podSpec['restartPolicy'];
  return [
    ...(policy === 'Always' ? [] : [notSupported('spec.template.spec.restartPolicy', policy ?? '', ['Always'])]),
    ...(podSpec['activeDeadlineSeconds'] === undefined
      ? []
      : [
          forbiddenField(
            'spec.template.spec.activeDeadlineSeconds',
            `activeDeadlineSeconds in ${kind} is not Supported`,
          ),
        ]),
  ];
}

export const templateFaults = (spec: JsonObject): FieldError[] =>
  podTemplateFaults(objectAt(spec, 'template'), 'spec.template');

/** The selector may not change once the object is there. */
export function immutableSelector(object: ApiObject, old: ApiObject): FieldError[] {
  const { selector } = objectAt(object, 'spec');
  return equalJson(selector, objectAt(old, 'spec')['selector'])
    ? []
    : [invalidValue('spec.selector', goLabelSelector(selector), 'field is immutable')];
}

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

const shownIntOrString = (value: unknown): ShownValue =>
  new ShownValue(
    typeof value === 'string'
      ? `intstr.IntOrString{Type:1, IntVal:0, StrVal:${JSON.stringify(value)}}`
      : `intstr.IntOrString{Type:0, IntVal:${Number(value ?? 0)}, StrVal:""}`,
  );

/** A number that is not negative, or a percentage. */
export function countOrPercentFaults(owner: JsonObject, name: string, at: string): FieldError[] {
  const value = owner[name];
  if (typeof value === 'string')
    return /^[0-9]+%$/.test(value) ? [] : [invalidValue(`${at}.${name}`, shownIntOrString(value), PERCENT)];
  const count = Number(value ?? 0);
  return count < 0 ? [invalidValue(`${at}.${name}`, count, 'must be greater than or equal to 0')] : [];
}

/** A percentage above 100. */
export function overHundredFaults(owner: JsonObject, name: string, at: string): FieldError[] {
  const value = owner[name];
  return typeof value === 'string' && /^[0-9]+%$/.test(value) && Number.parseInt(value, 10) > 100
    ? [invalidValue(`${at}.${name}`, shownIntOrString(value), 'must not be greater than 100%')]
    : [];
}

/** The number in a count or a percentage; 0 for anything else. */
export const countOf = (value: unknown): number =>
  typeof value === 'string' ? Number.parseInt(value, 10) || 0 : Number(value ?? 0);

export const intOrStringFault = (owner: JsonObject, name: string, at: string, detail: string): FieldError =>
  invalidValue(`${at}.${name}`, shownIntOrString(owner[name]), detail);

/** Faults of a number that a status may not show below zero or above another. */
export const atMostFaults = (status: JsonObject, name: string, most: string): FieldError[] =>
  (numberAt(status, name) ?? 0) > (numberAt(status, most) ?? 0)
    ? [invalidValue(`status.${name}`, numberAt(status, name) ?? 0, `cannot be greater than status.${most}`)]
    : [];
