// The rules of the kinds that need few: Leases, RBAC kinds, PriorityClasses.
import type { FieldError, ShownValue } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { equalJson, isObject, listAt, numberAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { pathSegmentFault, subdomainNameFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { labelSelectorFaults, wordFault } from './field-checks.ts';
import { goStrings, goStruct } from './go-value.ts';

export const leaseRules: Rules = {
  needsLock: true,
  validate: (lease) =>
    (['leaseDurationSeconds', 'leaseTransitions'] as const).flatMap((name) => {
      const value = numberAt(lease, 'spec', name);
      const least = name === 'leaseDurationSeconds' ? 1 : 0;
      const detail = least === 1 ? 'must be greater than 0' : 'must be greater than or equal to 0';
      return value !== undefined && value < least ? [invalidValue(`spec.${name}`, value, detail)] : [];
    }),
};

export const roleRules: Rules = {
  nameFault: pathSegmentFault,
  validate: (role) => [
    ...objectsAt(role, 'rules').flatMap((rule, index) =>
      policyRuleFaults(rule, role.kind === 'Role', `rules[${index}]`),
    ),
    ...aggregationFaults(role),
  ],
};

function policyRuleFaults(rule: JsonObject, namespaced: boolean, at: string): FieldError[] {
  const has = (name: string): boolean => listAt(rule, name).length > 0;
  const verbs = has('verbs') ? [] : [required(`${at}.verbs`, 'verbs must contain at least one value')];
  if (has('nonResourceURLs')) {
    const shown = goStrings(stringsAt(rule, 'nonResourceURLs'));
    return [
      ...verbs,
      ...(namespaced
        ? [invalidValue(`${at}.nonResourceURLs`, shown, 'namespaced rules cannot apply to non-resource URLs')]
        : []),
      ...(has('apiGroups') || has('resources') || has('resourceNames')
        ? [
            invalidValue(
              `${at}.nonResourceURLs`,
              shown,
              'rules cannot apply to both regular resources and non-resource URLs',
            ),
          ]
        : []),
    ];
  }
  return [
    ...verbs,
    ...(has('apiGroups') ? [] : [required(`${at}.apiGroups`, 'resource rules must supply at least one api group')]),
    ...(has('resources') ? [] : [required(`${at}.resources`, 'resource rules must supply at least one resource')]),
  ];
}

function aggregationFaults(role: ApiObject): FieldError[] {
  const at = 'aggregationRule.clusterRoleSelectors';
  if (role.kind !== 'ClusterRole' || !isObject(role['aggregationRule'])) return [];
  const selectors = objectsAt(role, 'aggregationRule', 'clusterRoleSelectors');
  return selectors.length === 0
    ? [required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil')]
    : selectors.flatMap((selector, index) => labelSelectorFaults(selector, `${at}[${index}]`));
}

const RBAC = 'rbac.authorization.k8s.io';

export const bindingRules: Rules = {
  nameFault: pathSegmentFault,
  applyDefaults(binding) {
    if (isObject(binding['roleRef'])) binding['roleRef']['apiGroup'] ??= RBAC;
    for (const subject of objectsAt(binding, 'subjects')) {
      if (subject['kind'] !== 'ServiceAccount') subject['apiGroup'] ??= RBAC;
    }
  },
  validate(binding) {
    const group = stringAt(binding, 'roleRef', 'apiGroup') ?? '';
    const kind = stringAt(binding, 'roleRef', 'kind') ?? '';
    const name = stringAt(binding, 'roleRef', 'name') ?? '';
    const allowed = binding.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
    const nameFault = pathSegmentFault(name);
    return [
      ...(group === RBAC ? [] : [notSupported('roleRef.apiGroup', group, [RBAC])]),
      ...(allowed.includes(kind) ? [] : [notSupported('roleRef.kind', kind, allowed)]),
      ...(name === ''
        ? [required('roleRef.name')]
        : nameFault === undefined
          ? []
          : [invalidValue('roleRef.name', name, nameFault)]),
      ...objectsAt(binding, 'subjects').flatMap((subject, index) =>
        subjectFaults(subject, binding.kind === 'RoleBinding', `subjects[${index}]`),
      ),
    ];
  },
  validateUpdate: (binding, old) =>
    equalJson(binding['roleRef'], old['roleRef'])
      ? []
      : [invalidValue('roleRef', roleRefShown(binding), 'cannot change roleRef')],
};

const roleRefShown = (binding: ApiObject): ShownValue =>
  goStruct('rbac.RoleRef', [
    ['APIGroup', stringAt(binding, 'roleRef', 'apiGroup') ?? ''],
    ['Kind', stringAt(binding, 'roleRef', 'kind') ?? ''],
    ['Name', stringAt(binding, 'roleRef', 'name') ?? ''],
  ]);

function subjectFaults(subject: JsonObject, namespaced: boolean, at: string): FieldError[] {
  const [kind, name, group] = ['kind', 'name', 'apiGroup'].map((member) => stringAt(subject, member) ?? '') as [
    string,
    string,
    string,
  ];
  const missing = name === '' ? [required(`${at}.name`)] : [];
  if (kind === 'User' || kind === 'Group')
    return [...missing, ...(group === RBAC ? [] : [notSupported(`${at}.apiGroup`, group, [RBAC])])];
  if (kind !== 'ServiceAccount')
    return [...missing, notSupported(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  const fault = name === '' ? undefined : subdomainNameFault(name);
  return [
    ...missing,
    ...(fault === undefined ? [] : [invalidValue(`${at}.name`, name, fault)]),
    ...(group === '' ? [] : [notSupported(`${at}.apiGroup`, group, [''])]),
    ...(!namespaced && !stringAt(subject, 'namespace') ? [required(`${at}.namespace`)] : []),
  ];
}

const HIGHEST = 1_000_000_000;
const SYSTEM: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

export const priorityClassRules: Rules = {
  tracksGeneration: true,
  applyDefaults(entry) {
    entry['value'] ??= 0;
    entry['preemptionPolicy'] ??= 'PreemptLowerPriority';
  },
  validate(entry) {
    const { name } = entry.metadata;
    const value = numberAt(entry, 'value') ?? 0;
    return [
      ...(name?.startsWith('system-') === true ? reservedFaults(entry, name, value) : []),
      ...(name?.startsWith('system-') !== true && value > HIGHEST
        ? [forbiddenField('value', `maximum allowed value of a user defined priority is ${HIGHEST}`)]
        : []),
      ...wordFault(entry, 'preemptionPolicy', '', ['PreemptLowerPriority', 'Never']).map((fault) => ({
        ...fault,
        field: 'preemptionPolicy',
      })),
    ];
  },
  validateUpdate: (entry, old) => [
    ...(entry['value'] === old['value'] ? [] : [forbiddenField('value', 'may not be changed in an update.')]),
    ...(entry['preemptionPolicy'] === old['preemptionPolicy']
      ? []
      : [invalidValue('preemptionPolicy', entry['preemptionPolicy'], 'field is immutable')]),
  ],
};

function reservedFaults(entry: ApiObject, name: string, value: number): FieldError[] {
  const known = SYSTEM[name];
  const why =
    known === undefined
      ? `${name} is not a known system priority class`
      : value !== known
        ? `value of ${name} PriorityClass must be ${known}`
        : entry['globalDefault'] === true
          ? `globalDefault of ${name} PriorityClass must be false`
          : undefined;
  return why === undefined
    ? []
    : [
        forbiddenField(
          'metadata.name',
          `priority class names with 'system-' prefix are reserved for system use only. error: ${why}`,
        ),
      ];
}
