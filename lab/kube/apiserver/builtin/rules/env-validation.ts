// Validation of a container's environment: names, and where values come from.
import type { FieldError } from '../../field-error.ts';
import { invalidValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, objectAt, objectsAt, stringAt } from '../../json.ts';
import { dataKeyNameFaults, environmentNameFaults, qualifiedNameFaults, subdomainNameFault } from '../../names.ts';

const POD_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields of a Pod that can be named, though no variable can take them. */
const OTHER_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
];
const CONTAINER_RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'];

/** Faults of `env` at `path`. */
export const environmentFaults = (container: JsonObject, path: string): FieldError[] =>
  objectsAt(container, 'env').flatMap((variable, index) => {
    const at = `${path}.env[${index}]`;
    const name = stringAt(variable, 'name') ?? '';
    return [
      ...(name === ''
        ? [required(`${at}.name`)]
        : environmentNameFaults(name).map((fault) => invalidValue(`${at}.name`, name, fault))),
      ...(isObject(variable['valueFrom']) ? valueFromFaults(variable, variable['valueFrom'], `${at}.valueFrom`) : []),
    ];
  });

function valueFromFaults(variable: JsonObject, from: JsonObject, at: string): FieldError[] {
  const given = SOURCES.filter((name) => isObject(from[name]));
  const whole =
    given.length === 0
      ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
      : (stringAt(variable, 'value') ?? '') !== ''
        ? 'may not be specified when `value` is not empty'
        : given.length > 1
          ? 'may not have more than one field specified at a time'
          : undefined;
  return [
    ...given.flatMap((name) => sourceFaults(name, objectAt(from, name), `${at}.${name}`)),
    ...(whole === undefined ? [] : [invalidValue(at, '', whole)]),
  ];
}

function sourceFaults(name: string, source: JsonObject, at: string): FieldError[] {
  switch (name) {
    case 'fieldRef':
      return fieldFaults(source, at);
    case 'resourceFieldRef':
      return resourceFaults(stringAt(source, 'resource') ?? '', at);
    default:
      return keyFaults(source, at);
  }
}

function fieldFaults(source: JsonObject, at: string): FieldError[] {
  const version = stringAt(source, 'apiVersion') ?? '';
  const path = stringAt(source, 'fieldPath') ?? '';
  if (version === '') return [required(`${at}.apiVersion`)];
  if (path === '') return [required(`${at}.fieldPath`)];
  const unusable = (why: string): FieldError[] => [
    invalidValue(`${at}.fieldPath`, path, `error converting fieldPath: ${why}`),
  ];
  if (version !== 'v1') return unusable(`unsupported pod version: ${version}`);
  const [, map, key = ''] = /^(.*)\['(.*)'\]$/.exec(path) ?? [];
  if (map !== undefined) {
    if (map !== 'metadata.annotations' && map !== 'metadata.labels')
      return unusable(`field label does not support subscript: ${path}`);
    const name = map === 'metadata.annotations' ? key.toLowerCase() : key;
    return qualifiedNameFaults(name).map((fault) => invalidValue(at, key, fault));
  }
  if (POD_FIELDS.includes(path)) return [];
  return OTHER_FIELDS.includes(path)
    ? [notSupported(`${at}.fieldPath`, path, POD_FIELDS)]
    : unusable(`field label not supported: ${path}`);
}

function resourceFaults(resource: string, at: string): FieldError[] {
  if (resource === '') return [required(`${at}.resource`)];
  const known =
    CONTAINER_RESOURCES.includes(resource) ||
    resource.startsWith('limits.hugepages-') ||
    resource.startsWith('requests.hugepages-');
  return known ? [] : [notSupported(`${at}.resource`, resource, CONTAINER_RESOURCES)];
}

function keyFaults(source: JsonObject, at: string): FieldError[] {
  const name = stringAt(source, 'name') ?? '';
  const key = stringAt(source, 'key') ?? '';
  const nameFault = subdomainNameFault(name);
  return [
    ...(nameFault === undefined ? [] : [invalidValue(`${at}.name`, name, nameFault)]),
    ...(key === ''
      ? [required(`${at}.key`)]
      : dataKeyNameFaults(key).map((fault) => invalidValue(`${at}.key`, key, fault))),
  ];
}

/** Faults of `envFrom` at `path`; what concerns its sources is reported at the list, as a real server does. */
export const environmentSourcesFaults = (container: JsonObject, path: string): FieldError[] =>
  objectsAt(container, 'envFrom').flatMap((source, index) => {
    const at = `${path}.envFrom[${index}]`;
    const prefix = stringAt(source, 'prefix') ?? '';
    const given = ['configMapRef', 'secretRef'].filter((name) => isObject(source[name]));
    return [
      ...(prefix === ''
        ? []
        : environmentNameFaults(prefix).map((fault) => invalidValue(`${at}.prefix`, prefix, fault))),
      ...given.flatMap((member) => {
        const name = stringAt(source, member, 'name') ?? '';
        if (name === '') return [required(`${at}.${member}.name`)];
        const fault = subdomainNameFault(name);
        return fault === undefined ? [] : [invalidValue(`${at}.${member}.name`, name, fault)];
      }),
      ...(given.length === 0
        ? [invalidValue(`${path}.envFrom`, '', 'must specify one of: `configMapRef` or `secretRef`')]
        : []),
      ...(given.length > 1
        ? [invalidValue(`${path}.envFrom`, '', 'may not have more than one field specified at a time')]
        : []),
    ];
  });
