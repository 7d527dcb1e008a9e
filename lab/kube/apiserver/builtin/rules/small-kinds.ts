// The rules of the kinds that need few: Nodes, Secrets, ConfigMaps, Events, Leases, RBAC kinds, PriorityClasses.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject } from '../../json.ts';
import { ensureObject, equalJson, isObject, numberAt, objectAt, objectsAt, stringAt, stringMapAt } from '../../json.ts';
import { pathSegmentFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { forbidden } from '../../status.ts';

/** Nodes register with their status; what is allocatable is all there is unless the kubelet says otherwise. */
export const nodeRules: Rules = {
  keepsStatusOnCreate: true,
  applyDefaults(node) {
    ensureObject(node, 'spec');
    const status = node['status'];
    if (isObject(status) && isObject(status['capacity']) && status['allocatable'] === undefined)
      status['allocatable'] = { ...status['capacity'] };
  },
  validate: (node) =>
    objectsAt(node, 'spec', 'taints').flatMap((taint, index) => {
      const effect = stringAt(taint, 'effect') ?? '';
      const supported = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
      const at = `spec.taints[${index}]`;
      return [
        ...(stringAt(taint, 'key') ? [] : [required(`${at}.key`)]),
        ...(supported.includes(effect) ? [] : [notSupported(`${at}.effect`, effect, supported)]),
      ];
    }),
  validateUpdate(node, old) {
    const before = stringAt(old, 'spec', 'providerID') ?? '';
    const after = stringAt(node, 'spec', 'providerID') ?? '';
    return before !== '' && after !== before
      ? [forbiddenField('spec.providerID', 'node updates may not change providerID except from "" to valid')]
      : [];
  },
};

function immutableData(object: ApiObject, old: ApiObject): FieldError[] {
  if (old['immutable'] !== true) return [];
  const message = 'field is immutable when `immutable` is set';
  const changed = ['data', 'binaryData'].filter((name) => !equalJson(object[name], old[name]));
  return [
    ...(object['immutable'] === true ? [] : [forbiddenField('immutable', message)]),
    ...changed.map((name) => forbiddenField(name, message)),
  ];
}

function dataKeyFaults(object: ApiObject, members: readonly string[]): FieldError[] {
  return members.flatMap((member) =>
    Object.keys(objectAt(object, member)).flatMap((key) =>
      /^[-._a-zA-Z0-9]+$/.test(key) && key.length <= 253
        ? []
        : [
            invalidValue(
              `${member}[${key}]`,
              key,
              "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
            ),
          ],
    ),
  );
}

export const configMapRules: Rules = {
  validate: (map) => dataKeyFaults(map, ['data', 'binaryData']),
  validateUpdate: immutableData,
};

export const secretRules: Rules = {
  applyDefaults(secret) {
    secret['type'] ??= 'Opaque';
    const texts = stringMapAt(secret, 'stringData');
    if (Object.keys(texts).length > 0) {
      const encoded = Object.fromEntries(
        Object.entries(texts).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]),
      );
      secret['data'] = { ...objectAt(secret, 'data'), ...encoded };
    }
    // Written, never read back.
    delete secret['stringData'];
  },
  validate: (secret) => dataKeyFaults(secret, ['data']),
  validateUpdate: (secret, old) => [
    ...immutableData(secret, old),
    ...(secret['type'] === old['type'] ? [] : [invalidValue('type', secret['type'], 'field is immutable')]),
  ],
};

export const eventRules: Rules = {
  validate(event) {
    const about = stringAt(event, 'involvedObject', 'namespace') ?? '';
    const namespace = event.metadata.namespace ?? '';
    const fits = about === namespace || (about === '' && namespace === 'default');
    return fits ? [] : [invalidValue('involvedObject.namespace', about, 'does not match event.namespace')];
  },
};

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
  validate: (role) =>
    objectsAt(role, 'rules').flatMap((rule, index) => {
      const at = `rules[${index}]`;
      const has = (name: string): boolean => Array.isArray(rule[name]) && rule[name].length > 0;
      if (!has('verbs')) return [required(`${at}.verbs`, 'verbs must contain at least one value')];
      if (has('nonResourceURLs'))
        return role.kind === 'Role'
          ? [
              invalidValue(
                `${at}.nonResourceURLs`,
                rule['nonResourceURLs'],
                'namespaced rules cannot apply to non-resource URLs',
              ),
            ]
          : [];
      return [
        ...(has('apiGroups') ? [] : [required(`${at}.apiGroups`, 'resource rules must supply at least one api group')]),
        ...(has('resources') ? [] : [required(`${at}.resources`, 'resource rules must supply at least one resource')]),
      ];
    }),
};

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
    const kind = stringAt(binding, 'roleRef', 'kind');
    const allowed = binding.kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'];
    return [
      ...(kind !== undefined && allowed.includes(kind) ? [] : [notSupported('roleRef.kind', kind ?? '', allowed)]),
      ...(stringAt(binding, 'roleRef', 'name') ? [] : [required('roleRef.name')]),
      ...objectsAt(binding, 'subjects').flatMap((subject, index) => {
        const at = `subjects[${index}]`;
        const known = ['ServiceAccount', 'User', 'Group'];
        const type = stringAt(subject, 'kind') ?? '';
        if (!known.includes(type)) return [notSupported(`${at}.kind`, type, known)];
        if (!stringAt(subject, 'name')) return [required(`${at}.name`)];
        return type === 'ServiceAccount' && !stringAt(subject, 'namespace') && binding.kind === 'ClusterRoleBinding'
          ? [required(`${at}.namespace`)]
          : [];
      }),
    ];
  },
  validateUpdate: (binding, old) =>
    equalJson(binding['roleRef'], old['roleRef'])
      ? []
      : [invalidValue('roleRef', binding['roleRef'], 'cannot change roleRef')],
};

export const priorityClassRules: Rules = {
  tracksGeneration: true,
  applyDefaults(entry) {
    entry['value'] ??= 0;
    entry['preemptionPolicy'] ??= 'PreemptLowerPriority';
  },
  prepareCreate(entry) {
    const { name } = entry.metadata;
    if (name.startsWith('system-') && !['system-cluster-critical', 'system-node-critical'].includes(name))
      throw forbidden(
        { group: 'scheduling.k8s.io', plural: 'priorityclasses' },
        name,
        "priority class names with 'system-' prefix are reserved for system use only",
      );
  },
  validateUpdate: (entry, old) =>
    entry['value'] === old['value'] ? [] : [forbiddenField('value', 'may not be changed in an update.')],
};
