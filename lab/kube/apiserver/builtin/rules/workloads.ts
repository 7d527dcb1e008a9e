// The rules of Deployments, ReplicaSets and DaemonSets.
import type { FieldError } from '../../field-error.ts';
import { invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, equalJson, isObject, numberAt, objectAt, objectsAt, stringAt, stringMapAt } from '../../json.ts';
import { labelFaults } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { matchesLabels, selectorFromObject } from '../../selection/label-selector.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { podSpecFaults } from './pod-validation.ts';

function defaultTemplate(spec: JsonObject): void {
  if (isObject(spec['template'])) defaultPodSpec(ensureObject(spec['template'], 'spec'));
}

function templateFaults(object: ApiObject): FieldError[] {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const podSpec = objectAt(template, 'spec');
  const policy = stringAt(podSpec, 'restartPolicy');
  return [
    ...selectorFaults(spec, stringMapAt(template, 'metadata', 'labels')),
    ...labelFaults(objectAt(template, 'metadata')['labels'], 'spec.template.metadata.labels'),
    ...podSpecFaults(podSpec, 'spec.template.spec'),
    ...(policy === undefined || policy === 'Always'
      ? []
      : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]),
    ...atLeastZero(spec, 'replicas'),
    ...atLeastZero(spec, 'minReadySeconds'),
    ...atLeastZero(spec, 'revisionHistoryLimit'),
  ];
}

function atLeastZero(spec: JsonObject, name: string): FieldError[] {
  const value = numberAt(spec, name) ?? 0;
  return value < 0 ? [invalidValue(`spec.${name}`, value, 'must be greater than or equal to 0')] : [];
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function selectorFaults(spec: JsonObject, labels: Record<string, string>): FieldError[] {
  if (!isObject(spec['selector'])) return [required('spec.selector')];
  const expressions = objectsAt(spec, 'selector', 'matchExpressions').flatMap((expression, index) => {
    const at = `spec.selector.matchExpressions[${index}]`;
    const operator = stringAt(expression, 'operator') ?? '';
    return OPERATORS.includes(operator)
      ? []
      : [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')];
  });
  const faults = [
    ...labelFaults(objectAt(spec, 'selector')['matchLabels'], 'spec.selector.matchLabels'),
    ...expressions,
  ];
  if (faults.length > 0) return faults;
  const selector = selectorFromObject(spec['selector']);
  if (selector.length === 0) return [invalidValue('spec.selector', {}, 'empty selector is invalid for deployment')];
  return matchesLabels(selector, labels)
    ? []
    : [invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
}

function immutableSelector(object: ApiObject, old: ApiObject): FieldError[] {
  const selector = objectAt(object, 'spec')['selector'];
  return equalJson(selector, objectAt(old, 'spec')['selector'])
    ? []
    : [invalidValue('spec.selector', selector, 'field is immutable')];
}

const setDefault = (target: JsonObject, name: string, value: unknown): void => {
  if (target[name] === undefined) target[name] = value;
};

export const deploymentRules: Rules = {
  tracksGeneration: true,
  applyDefaults(deployment) {
    const spec = ensureObject(deployment, 'spec');
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'progressDeadlineSeconds', 600);
    const strategy = ensureObject(spec, 'strategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = ensureObject(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', '25%');
      setDefault(rolling, 'maxSurge', '25%');
    }
    defaultTemplate(spec);
  },
  validate(deployment) {
    const type = stringAt(deployment, 'spec', 'strategy', 'type');
    const rolling = objectAt(deployment, 'spec', 'strategy')['rollingUpdate'];
    return [
      ...templateFaults(deployment),
      ...(type === 'RollingUpdate' || type === 'Recreate'
        ? []
        : [notSupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate'])]),
      ...(type === 'Recreate' && rolling !== undefined
        ? [
            {
              type: 'Forbidden' as const,
              field: 'spec.strategy.rollingUpdate',
              detail: "may not be specified when strategy `type` is 'Recreate'",
            },
          ]
        : []),
    ];
  },
  validateUpdate: immutableSelector,
};

export const replicaSetRules: Rules = {
  tracksGeneration: true,
  applyDefaults(set) {
    const spec = ensureObject(set, 'spec');
    setDefault(spec, 'replicas', 1);
    defaultTemplate(spec);
  },
  // Clients that are told a status at once need not wait for the controller to write zeros.
  prepareCreate: (set) => void (set['status'] = { replicas: 0 }),
  validate: templateFaults,
  validateUpdate: immutableSelector,
};

export const daemonSetRules: Rules = {
  tracksGeneration: true,
  applyDefaults(set) {
    const spec = ensureObject(set, 'spec');
    setDefault(spec, 'revisionHistoryLimit', 10);
    const strategy = ensureObject(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = ensureObject(strategy, 'rollingUpdate');
      setDefault(rolling, 'maxUnavailable', 1);
      setDefault(rolling, 'maxSurge', 0);
    }
    defaultTemplate(spec);
  },
  prepareCreate: (set) =>
    void (set['status'] = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    }),
  validate: templateFaults,
  validateUpdate: immutableSelector,
};
