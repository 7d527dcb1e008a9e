// Validation of a Pod's spec, also inside workload templates.
import type { FieldError } from '../../field-error.ts';
import { duplicate, invalidValue, notFoundValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, plainText, stringAt } from '../../json.ts';
import { labelFaults, labelNameFault, subdomainNameFault } from '../../names.ts';
import { resourceFaults } from './container-resources.ts';

/** Faults of a Pod's spec at `path`. */
export function podSpecFaults(spec: JsonObject, path: string): FieldError[] {
  const volumes = objectsAt(spec, 'volumes');
  const volumeNames = volumes.map((volume) => stringAt(volume, 'name') ?? '');
  const containers = objectsAt(spec, 'containers');
  const initContainers = objectsAt(spec, 'initContainers');
  return [
    ...volumes.flatMap((volume, index) => volumeFaults(volume, `${path}.volumes[${index}]`)),
    ...duplicates(volumeNames, `${path}.volumes`, 'name'),
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...initContainers.flatMap((container, index) =>
      containerFaults(container, `${path}.initContainers[${index}]`, volumeNames),
    ),
    ...containers.flatMap((container, index) =>
      containerFaults(container, `${path}.containers[${index}]`, volumeNames),
    ),
    ...duplicateContainers(initContainers, containers, path),
    ...enumFault(spec, 'restartPolicy', path, ['Always', 'OnFailure', 'Never']),
    ...enumFault(spec, 'dnsPolicy', path, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...labelFaults(spec['nodeSelector'], `${path}.nodeSelector`),
    ...nameFaults(spec, 'serviceAccountName', path),
    ...nameFaults(spec, 'nodeName', path),
    ...hostPortFaults(spec, path),
    ...tolerationFaults(spec, path),
    ...nodeAffinityFaults(spec, path),
    ...atLeastZero(spec, 'terminationGracePeriodSeconds', path),
  ];
}

function duplicates(names: readonly string[], list: string, member: string): FieldError[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [duplicate(`${list}[${index}].${member}`, name)] : [],
  );
}

function duplicateContainers(
  initContainers: readonly JsonObject[],
  containers: readonly JsonObject[],
  path: string,
): FieldError[] {
  const initNames = initContainers.map((container) => stringAt(container, 'name') ?? '');
  const names = containers.map((container) => stringAt(container, 'name') ?? '');
  return [
    ...duplicates(initNames, `${path}.initContainers`, 'name'),
    ...duplicates(names, `${path}.containers`, 'name'),
    ...initNames.flatMap((name, index) =>
      name !== '' && names.includes(name) ? [duplicate(`${path}.initContainers[${index}].name`, name)] : [],
    ),
  ];
}

function enumFault(owner: JsonObject, name: string, path: string, supported: readonly string[]): FieldError[] {
  const value = owner[name];
  return value === undefined || supported.includes(plainText(value))
    ? []
    : [notSupported(`${path}.${name}`, value, supported)];
}

function nameFaults(owner: JsonObject, name: string, path: string): FieldError[] {
  const value = stringAt(owner, name) ?? '';
  const fault = value === '' ? undefined : subdomainNameFault(value);
  return fault === undefined ? [] : [invalidValue(`${path}.${name}`, value, fault)];
}

function atLeastZero(owner: JsonObject, name: string, path: string): FieldError[] {
  const value = numberAt(owner, name);
  return value === undefined || value >= 0
    ? []
    : [invalidValue(`${path}.${name}`, value, 'must be greater than or equal to 0')];
}

function volumeFaults(volume: JsonObject, path: string): FieldError[] {
  const name = stringAt(volume, 'name') ?? '';
  const fault = name === '' ? undefined : labelNameFault(name);
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  return [
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...(fault === undefined ? [] : [invalidValue(`${path}.name`, name, fault)]),
    ...sources.slice(1).map((source) => ({
      type: 'Forbidden' as const,
      field: `${path}.${source}`,
      detail: 'may not specify more than 1 volume type',
    })),
    ...(isObject(volume['hostPath']) && (stringAt(volume, 'hostPath', 'path') ?? '') === ''
      ? [required(`${path}.hostPath.path`)]
      : []),
    ...(isObject(volume['secret']) && (stringAt(volume, 'secret', 'secretName') ?? '') === ''
      ? [required(`${path}.secret.secretName`)]
      : []),
    ...(isObject(volume['configMap']) && (stringAt(volume, 'configMap', 'name') ?? '') === ''
      ? [required(`${path}.configMap.name`)]
      : []),
  ];
}

function containerFaults(container: JsonObject, path: string, volumeNames: readonly string[]): FieldError[] {
  const name = stringAt(container, 'name') ?? '';
  const nameFault = name === '' ? undefined : labelNameFault(name);
  const image = stringAt(container, 'image') ?? '';
  return [
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...(nameFault === undefined ? [] : [invalidValue(`${path}.name`, name, nameFault)]),
    ...(image === '' ? [required(`${path}.image`)] : []),
    ...(image !== image.trim()
      ? [invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace')]
      : []),
    ...portFaults(container, path),
    ...envFaults(container, path),
    ...mountFaults(container, path, volumeNames),
    ...resourceFaults(objectAt(container, 'resources'), `${path}.resources`),
    ...enumFault(container, 'imagePullPolicy', path, ['Always', 'IfNotPresent', 'Never']),
  ];
}

const PORT_RANGE = 'must be between 1 and 65535, inclusive';

function portFaults(container: JsonObject, path: string): FieldError[] {
  return objectsAt(container, 'ports').flatMap((port, index) => {
    const at = `${path}.ports[${index}]`;
    const number = numberAt(port, 'containerPort') ?? 0;
    const hostPort = numberAt(port, 'hostPort') ?? 0;
    const name = stringAt(port, 'name') ?? '';
    return [
      ...(name !== '' && !/^(?=.*[a-z])[a-z0-9]([a-z0-9]|-(?!-)){0,13}[a-z0-9]?$/.test(name)
        ? [
            invalidValue(
              `${at}.name`,
              name,
              'must be no more than 15 characters, contain only alpha-numeric characters (a-z, 0-9) and hyphens, and at least one letter',
            ),
          ]
        : []),
      ...(number === 0
        ? [required(`${at}.containerPort`)]
        : number < 1 || number > 65535
          ? [invalidValue(`${at}.containerPort`, number, PORT_RANGE)]
          : []),
      ...(hostPort < 0 || hostPort > 65535 ? [invalidValue(`${at}.hostPort`, hostPort, PORT_RANGE)] : []),
      ...enumFault(port, 'protocol', at, ['TCP', 'UDP', 'SCTP']),
    ];
  });
}

function envFaults(container: JsonObject, path: string): FieldError[] {
  return objectsAt(container, 'env').flatMap((entry, index) => {
    const at = `${path}.env[${index}]`;
    if ((stringAt(entry, 'name') ?? '') === '') return [required(`${at}.name`)];
    return stringAt(entry, 'value') && isObject(entry['valueFrom'])
      ? [invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty')]
      : [];
  });
}

function mountFaults(container: JsonObject, path: string, volumeNames: readonly string[]): FieldError[] {
  const mounts = objectsAt(container, 'volumeMounts');
  const paths = mounts.map((mount) => stringAt(mount, 'mountPath') ?? '');
  return mounts.flatMap((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    const name = stringAt(mount, 'name') ?? '';
    const mountPath = paths[index] ?? '';
    return [
      ...(name === ''
        ? [required(`${at}.name`)]
        : volumeNames.includes(name)
          ? []
          : [notFoundValue(`${at}.name`, name)]),
      ...(mountPath === '' ? [required(`${at}.mountPath`)] : []),
      ...(mountPath !== '' && paths.indexOf(mountPath) < index
        ? [invalidValue(`${at}.mountPath`, mountPath, 'must be unique')]
        : []),
    ];
  });
}

function hostPortFaults(spec: JsonObject, path: string): FieldError[] {
  if (spec['hostNetwork'] !== true) return [];
  return objectsAt(spec, 'containers').flatMap((container, index) =>
    objectsAt(container, 'ports').flatMap((port, at) =>
      port['hostPort'] === port['containerPort']
        ? []
        : [
            invalidValue(
              `${path}.containers[${index}].ports[${at}].containerPort`,
              port['containerPort'],
              'must match `hostPort` when `hostNetwork` is true',
            ),
          ],
    ),
  );
}

function tolerationFaults(spec: JsonObject, path: string): FieldError[] {
  return objectsAt(spec, 'tolerations').flatMap((toleration, index) => {
    const at = `${path}.tolerations[${index}]`;
    const operator = stringAt(toleration, 'operator') ?? 'Equal';
    const key = stringAt(toleration, 'key') ?? '';
    return [
      ...(operator !== 'Exists' && operator !== 'Equal'
        ? [notSupported(`${at}.operator`, operator, ['Equal', 'Exists'])]
        : []),
      ...(key === '' && operator !== 'Exists'
        ? [
            invalidValue(
              `${at}.operator`,
              operator,
              'operator must be Exists when `key` is empty, which means "match all values and all keys"',
            ),
          ]
        : []),
      ...(operator === 'Exists' && stringAt(toleration, 'value')
        ? [
            invalidValue(
              `${at}.operator`,
              stringAt(toleration, 'value'),
              "value must be empty when `operator` is 'Exists'",
            ),
          ]
        : []),
      ...enumFault(toleration, 'effect', at, ['NoSchedule', 'PreferNoSchedule', 'NoExecute', '']),
    ];
  });
}

function nodeAffinityFaults(spec: JsonObject, path: string): FieldError[] {
  const at = `${path}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`;
  const selector = objectAt(spec, 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
  const terms = objectsAt(selector, 'nodeSelectorTerms');
  if (Object.keys(selector).length > 0 && terms.length === 0)
    return [required(`${at}.nodeSelectorTerms`, 'must have at least one node selector term')];
  return terms.flatMap((term, index) =>
    objectsAt(term, 'matchExpressions').flatMap((expression, position) =>
      enumFault(expression, 'operator', `${at}.nodeSelectorTerms[${index}].matchExpressions[${position}]`, [
        'DoesNotExist',
        'Exists',
        'Gt',
        'In',
        'Lt',
        'NotIn',
      ]),
    ),
  );
}
