// The rules of Deployments, ReplicaSets and DaemonSets.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required, ShownValue } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, equalJson, numberAt, objectAt, plainText, stringAt } from '../../json.ts';
import type { Rules } from '../../registry/definition.ts';
import { labelSelectorFaults, negativeFault } from './field-checks.ts';
import {
  atMostFaults,
  countOf,
  countOrPercentFaults,
  defaultTemplate,
  emptySelectorFaults,
  immutableSelector,
  intOrStringFault,
  mismatchFaults,
  overHundredFaults,
  runningTemplateFaults,
  selectorFaults,
  setDefault,
  templateFaults,
} from './workload-checks.ts';

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
  prepareCreate: (deployment) => void (deployment['status'] = {}),
  validate(deployment) {
    const spec = objectAt(deployment, 'spec');
    return [
      ...negativeFault(spec, 'replicas', 'spec'),
      ...selectorFaults(spec, 'deployment'),
      ...selectedTemplateFaults(spec),
      ...strategyFaults(objectAt(spec, 'strategy')),
      ...negativeFault(spec, 'minReadySeconds', 'spec'),
      ...negativeFault(spec, 'revisionHistoryLimit', 'spec'),
      ...deadlineFaults(spec),
    ];
  },
  validateUpdate: immutableSelector,
  validateStatus: (deployment) => {
    const status = objectAt(deployment, 'status');
    return [
      ...negativeStatus(status, [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
      ]),
      ...atMostFaults(status, 'updatedReplicas', 'replicas'),
      ...atMostFaults(status, 'readyReplicas', 'replicas'),
      ...atMostFaults(status, 'availableReplicas', 'replicas'),
      ...((numberAt(status, 'availableReplicas') ?? 0) > (numberAt(status, 'readyReplicas') ?? 0)
        ? [
            invalidValue(
              'status.availableReplicas',
              numberAt(status, 'availableReplicas'),
              'cannot be greater than readyReplicas',
            ),
          ]
        : []),
    ];
  },
};

const negativeStatus = (status: JsonObject, names: readonly string[]): FieldError[] =>
  names.flatMap((name) => negativeFault(status, name, 'status'));

const selectedTemplateFaults = (spec: JsonObject): FieldError[] => [
  ...mismatchFaults(spec),
  ...templateFaults(spec),
  ...runningTemplateFaults(spec, 'ReplicaSet'),
];

function strategyFaults(strategy: JsonObject): FieldError[] {
  const at = 'spec.strategy';
  const type = plainText(strategy['type']);
  const rolling = objectAt(strategy, 'rollingUpdate');
  switch (type) {
    case 'Recreate':
      return strategy['rollingUpdate'] === undefined
        ? []
        : [forbiddenField(`${at}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")];
    case 'RollingUpdate':
      return [
        ...countOrPercentFaults(rolling, 'maxUnavailable', `${at}.rollingUpdate`),
        ...countOrPercentFaults(rolling, 'maxSurge', `${at}.rollingUpdate`),
        ...(countOf(rolling['maxUnavailable']) === 0 && countOf(rolling['maxSurge']) === 0
          ? [intOrStringFault(rolling, 'maxUnavailable', `${at}.rollingUpdate`, 'may not be 0 when `maxSurge` is 0')]
          : []),
        ...overHundredFaults(rolling, 'maxUnavailable', `${at}.rollingUpdate`),
      ];
    default:
      return [
        notSupported(
          at,
          new ShownValue(
            `apps.DeploymentStrategy{Type:${JSON.stringify(type)}, RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}`,
          ),
          ['Recreate', 'RollingUpdate'],
        ),
      ];
  }
}

function deadlineFaults(spec: JsonObject): FieldError[] {
  const deadline = numberAt(spec, 'progressDeadlineSeconds') ?? 0;
  return [
    ...negativeFault(spec, 'progressDeadlineSeconds', 'spec'),
    ...(deadline <= (numberAt(spec, 'minReadySeconds') ?? 0)
      ? [invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
  ];
}

export const replicaSetRules: Rules = {
  tracksGeneration: true,
  applyDefaults(set) {
    const spec = ensureObject(set, 'spec');
    setDefault(spec, 'replicas', 1);
    defaultTemplate(spec);
  },
  prepareCreate: (set) => void (set['status'] = { replicas: 0 }),
  validate(set) {
    const spec = objectAt(set, 'spec');
    return [
      ...negativeFault(spec, 'replicas', 'spec'),
      ...negativeFault(spec, 'minReadySeconds', 'spec'),
      ...selectorFaults(spec, 'deployment'),
      ...selectedTemplateFaults(spec),
    ];
  },
  validateUpdate: immutableSelector,
};

/** Carries a counter of the template's changes, which clients of the first releases set themselves. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function countTemplate(set: ApiObject, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

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
  prepareCreate(set) {
    countTemplate(set, 1);
    set['status'] = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
  prepareUpdate(set, old) {
    const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? '1');
    const changed = !equalJson(objectAt(set, 'spec')['template'], objectAt(old, 'spec')['template']);
    countTemplate(set, changed ? before + 1 : before);
  },
  validate(set) {
    const spec = objectAt(set, 'spec');
    return [
      ...labelSelectorFaults(spec['selector'], 'spec.selector'),
      ...mismatchFaults(spec),
      ...emptySelectorFaults(spec['selector'], 'daemonset'),
      ...templateFaults(spec),
      ...runningTemplateFaults(spec, 'DaemonSet'),
      ...negativeFault(spec, 'minReadySeconds', 'spec'),
      ...daemonStrategyFaults(objectAt(spec, 'updateStrategy')),
      ...negativeFault(spec, 'revisionHistoryLimit', 'spec'),
    ];
  },
  validateUpdate: immutableSelector,
};

function daemonStrategyFaults(strategy: JsonObject): FieldError[] {
  const at = 'spec.updateStrategy.rollingUpdate';
  const type = stringAt(strategy, 'type') ?? '';
  const rolling = objectAt(strategy, 'rollingUpdate');
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate')
    return [
      notSupported(
        'spec.updateStrategy',
        new ShownValue(
          `apps.DaemonSetUpdateStrategy{Type:${JSON.stringify(type)}, RollingUpdate:(*apps.RollingUpdateDaemonSet)(nil)}`,
        ),
        ['RollingUpdate', 'OnDelete'],
      ),
    ];
  const unavailable = countOf(rolling['maxUnavailable']);
  const surge = countOf(rolling['maxSurge']);
  return [
    ...countOrPercentFaults(rolling, 'maxUnavailable', at),
    ...countOrPercentFaults(rolling, 'maxSurge', at),
    ...overHundredFaults(rolling, 'maxUnavailable', at),
    ...overHundredFaults(rolling, 'maxSurge', at),
    ...(unavailable !== 0 && surge !== 0
      ? [intOrStringFault(rolling, 'maxSurge', at, 'may not be set when maxUnavailable is non-zero')]
      : []),
    ...(unavailable === 0 && surge === 0 ? [required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')] : []),
  ];
}
