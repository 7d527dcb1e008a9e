// The rules of StatefulSets and of the ControllerRevisions in which they and DaemonSets keep their history.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, required, ShownValue } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { ensureObject, equalJson, isObject, numberAt, objectAt, objectsAt, plainText } from '../../json.ts';
import { annotationFaults, labelFaults } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { negativeFault } from './field-checks.ts';
import {
  atMostFaults,
  defaultTemplate,
  mismatchFaults,
  runningTemplateFaults,
  selectorFaults,
  setDefault,
} from './workload-checks.ts';

const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

export const statefulSetRules: Rules = {
  tracksGeneration: true,
  applyDefaults(set) {
    const spec = ensureObject(set, 'spec');
    setDefault(spec, 'podManagementPolicy', 'OrderedReady');
    const strategy = ensureObject(spec, 'updateStrategy');
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') setDefault(ensureObject(strategy, 'rollingUpdate'), 'partition', 0);
    const retention = ensureObject(spec, 'persistentVolumeClaimRetentionPolicy');
    setDefault(retention, 'whenDeleted', 'Retain');
    setDefault(retention, 'whenScaled', 'Retain');
    setDefault(spec, 'replicas', 1);
    setDefault(spec, 'revisionHistoryLimit', 10);
    // Required by the type, and therefore always there, if only as the empty word.
    setDefault(spec, 'serviceName', '');
    for (const claim of objectsAt(spec, 'volumeClaimTemplates')) defaultClaim(claim);
    defaultTemplate(spec);
  },
  prepareCreate: (set) => void (set['status'] = { availableReplicas: 0, replicas: 0 }),
  validate: (set) => statefulSetFaults(objectAt(set, 'spec')),
  validateUpdate(set, old) {
    const fixed = (object: ApiObject): JsonObject => {
      const copy = { ...objectAt(object, 'spec') };
      for (const name of CHANGEABLE) delete copy[name];
      return copy;
    };
    return equalJson(fixed(set), fixed(old))
      ? []
      : [
          forbiddenField(
            'spec',
            `updates to statefulset spec for fields other than ${CHANGEABLE.slice(0, -1)
              .map((name) => `'${name}'`)
              .join(', ')} and 'minReadySeconds' are forbidden`,
          ),
        ];
  },
  validateStatus(set) {
    const status = objectAt(set, 'status');
    const counts = ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas'];
    return [
      ...counts.flatMap((name) => negativeFault(status, name, 'status')),
      ...counts.slice(1).flatMap((name) => atMostFaults(status, name, 'replicas')),
    ];
  },
};

function defaultClaim(claim: JsonObject): void {
  setDefault(claim, 'apiVersion', 'v1');
  setDefault(claim, 'kind', 'PersistentVolumeClaim');
  setDefault(ensureObject(claim, 'spec'), 'volumeMode', 'Filesystem');
  setDefault(ensureObject(claim, 'status'), 'phase', 'Pending');
}

function statefulSetFaults(spec: JsonObject): FieldError[] {
  const template = objectAt(spec, 'template');
  return [
    ...policyFaults(spec),
    ...strategyFaults(objectAt(spec, 'updateStrategy')),
    ...negativeFault(spec, 'replicas', 'spec'),
    ...negativeFault(spec, 'minReadySeconds', 'spec'),
    ...selectorFaults(spec, 'statefulset', ''),
    // An absent selector is reported, and its Pods then are whatever they are labelled.
    ...mismatchFaults(spec),
    // The Pod inside is judged only when it is made: its mounts may name claims, which are no volumes of the template.
    ...labelFaults(objectAt(template, 'metadata')['labels'], 'spec.template.labels'),
    ...annotationFaults(objectAt(template, 'metadata')['annotations'], 'spec.template.annotations'),
    ...runningTemplateFaults(spec, 'StatefulSet'),
  ];
}

function policyFaults(spec: JsonObject): FieldError[] {
  const policy = plainText(spec['podManagementPolicy']);
  return ['OrderedReady', 'Parallel'].includes(policy)
    ? []
    : [invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")];
}

function strategyFaults(strategy: JsonObject): FieldError[] {
  const at = 'spec.updateStrategy';
  const type = plainText(strategy['type']);
  const rolling = strategy['rollingUpdate'];
  if (type === 'RollingUpdate')
    return isObject(rolling) ? negativeFault(rolling, 'partition', `${at}.rollingUpdate`) : [];
  if (type === 'OnDelete')
    return isObject(rolling)
      ? [
          invalidValue(
            `${at}.rollingUpdate`,
            new ShownValue(
              `apps.RollingUpdateStatefulSetStrategy{Partition:${numberAt(rolling, 'partition') ?? 0}, MaxUnavailable:(*intstr.IntOrString)(nil)}`,
            ),
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        ]
      : [];
  return [
    invalidValue(
      at,
      new ShownValue(
        `apps.StatefulSetUpdateStrategy{Type:${JSON.stringify(type)}, RollingUpdate:(*apps.RollingUpdateStatefulSetStrategy)(nil)}`,
      ),
      "must be 'RollingUpdate' or 'OnDelete'",
    ),
  ];
}

export const controllerRevisionRules: Rules = {
  applyDefaults: (revision) => setDefault(revision, 'revision', 0),
  validate: (revision) => [
    ...(revision['data'] === undefined || revision['data'] === null ? [required('data', 'data is mandatory')] : []),
    ...((numberAt(revision, 'revision') ?? 0) < 0
      ? [invalidValue('revision', numberAt(revision, 'revision'), 'must be greater than or equal to 0')]
      : []),
  ],
  validateUpdate: (revision, old) =>
    equalJson(revision['data'], old['data']) ? [] : [invalidValue('data', revision['data'], 'field is immutable')],
};
