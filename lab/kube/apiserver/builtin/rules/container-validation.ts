// Validation of containers and init containers: names, ports, mounts, and what only one of the two kinds may have.
import type { FieldError } from '../../field-error.ts';
import { duplicate, forbiddenField, invalidValue, notFoundValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, plainText, stringAt } from '../../json.ts';
import { labelNameFault } from '../../names.ts';
import { resourceFaults } from './container-resources.ts';
import { environmentFaults, environmentSourcesFaults } from './env-validation.ts';
import { descendingPathFaults, portFault, portNameFaults, protocolFault, wordFault } from './field-checks.ts';
import { lifecycleFaults, probesFaults } from './probe-validation.ts';
import { securityContextFaults } from './security-validation.ts';

/** Faults of a Pod's containers and init containers; `volumes` are the names that mounts may use. */
export function containersFaults(spec: JsonObject, path: string, volumes: readonly string[]): FieldError[] {
  const containers = objectsAt(spec, 'containers');
  const init = objectsAt(spec, 'initContainers');
  return [
    ...mainFaults(containers, `${path}.containers`, volumes),
    ...initFaults(init, containers, `${path}.initContainers`, volumes),
  ];
}

const none: readonly FieldError[] = [];

const nameOf = (container: JsonObject): string => stringAt(container, 'name') ?? '';

function mainFaults(containers: readonly JsonObject[], path: string, volumes: readonly string[]): FieldError[] {
  if (containers.length === 0) return [required(path)];
  const names = containers.map(nameOf);
  return [
    ...containers.flatMap((container, index) => {
      const at = `${path}[${index}]`;
      return [
        ...commonFaults(container, at, volumes),
        ...(names.indexOf(nameOf(container)) < index ? [duplicate(`${at}.name`, nameOf(container))] : []),
        ...lifecycleFaults(container['lifecycle'], `${at}.lifecycle`),
        ...probesFaults(container, at),
        ...(container['restartPolicy'] === undefined
          ? []
          : [forbiddenField(`${at}.restartPolicy`, 'may not be set for non-init containers')]),
      ];
    }),
    ...hostPortConflicts(containers, path),
  ];
}

function initFaults(
  init: readonly JsonObject[],
  containers: readonly JsonObject[],
  path: string,
  volumes: readonly string[],
): FieldError[] {
  const taken = containers.map(nameOf);
  return init.flatMap((container, index) => {
    const at = `${path}[${index}]`;
    const name = nameOf(container);
    const repeated = name !== '' && taken.includes(name);
    taken.push(name);
    const restartable = container['restartPolicy'] === 'Always';
    return [
      ...commonFaults(container, at, volumes),
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
      ...hostPortConflicts([container], path),
      ...(container['restartPolicy'] === undefined || restartable
        ? []
        : [notSupported(`${at}.restartPolicy`, container['restartPolicy'], ['Always'])]),
      ...(restartable
        ? [...lifecycleFaults(container['lifecycle'], `${at}.lifecycle`), ...probesFaults(container, at)]
        : ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']
            .filter((member) => isObject(container[member]))
            .map((member) =>
              forbiddenField(`${at}.${member}`, 'may not be set for init containers without restartPolicy=Always'),
            )),
    ];
  });
}

function commonFaults(container: JsonObject, at: string, volumes: readonly string[]): FieldError[] {
  const name = nameOf(container);
  const nameFault = name === '' ? undefined : labelNameFault(name);
  return none.concat(
    name === '' ? [required(`${at}.name`)] : [],
    nameFault === undefined ? [] : [invalidValue(`${at}.name`, name, nameFault)],
    (stringAt(container, 'image') ?? '') === '' ? [required(`${at}.image`)] : [],
    terminationFault(container, at),
    portsFaults(container, at),
    environmentFaults(container, at),
    environmentSourcesFaults(container, at),
    mountsFaults(container, at, volumes),
    wordFault(container, 'imagePullPolicy', at, ['Always', 'IfNotPresent', 'Never']),
    resourceFaults(objectAt(container, 'resources'), `${at}.resources`),
    securityContextFaults(container['securityContext'], `${at}.securityContext`),
  );
}

function terminationFault(container: JsonObject, at: string): FieldError[] {
  const policy = container['terminationMessagePolicy'];
  return policy === undefined || policy === 'File' || policy === 'FallbackToLogsOnError'
    ? []
    : [invalidValue(`${at}.terminationMessagePolicy`, policy, "must be 'File' or 'FallbackToLogsOnError'")];
}

function portsFaults(container: JsonObject, path: string): FieldError[] {
  const names: string[] = [];
  return objectsAt(container, 'ports').flatMap((port, index) => {
    const at = `${path}.ports[${index}]`;
    const name = stringAt(port, 'name') ?? '';
    const number = numberAt(port, 'containerPort') ?? 0;
    const hostPort = numberAt(port, 'hostPort') ?? 0;
    const nameFaults = name === '' ? [] : portNameFaults(name, `${at}.name`);
    const repeated = nameFaults.length === 0 && name !== '' && names.includes(name);
    names.push(name);
    return [
      ...nameFaults,
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
      ...(number === 0 ? [required(`${at}.containerPort`)] : portFault(number, `${at}.containerPort`)),
      ...(hostPort === 0 ? [] : portFault(hostPort, `${at}.hostPort`)),
      ...protocolFault(port, at),
    ];
  });
}

function hostPortConflicts(containers: readonly JsonObject[], path: string): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap((container, index) =>
    objectsAt(container, 'ports').flatMap((port, at) => {
      const hostPort = numberAt(port, 'hostPort') ?? 0;
      if (hostPort === 0) return [];
      const key = `${stringAt(port, 'protocol') ?? ''}/${stringAt(port, 'hostIP') ?? ''}/${hostPort}`;
      if (taken.has(key)) return [duplicate(`${path}[${index}].ports[${at}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

function mountsFaults(container: JsonObject, path: string, volumes: readonly string[]): FieldError[] {
  const mounts = objectsAt(container, 'volumeMounts');
  const paths = mounts.map((mount) => stringAt(mount, 'mountPath') ?? '');
  return mounts.flatMap((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    const name = stringAt(mount, 'name') ?? '';
    const mountPath = paths[index] ?? '';
    const subPath = stringAt(mount, 'subPath') ?? '';
    return [
      ...(name === '' ? [required(`${at}.name`)] : []),
      ...(volumes.includes(name) ? [] : [notFoundValue(`${at}.name`, name)]),
      ...(mountPath === '' ? [required(`${at}.mountPath`)] : []),
      ...(paths.indexOf(mountPath) < index ? [invalidValue(`${at}.mountPath`, mountPath, 'must be unique')] : []),
      ...(subPath === '' ? [] : descendingPathFaults(subPath, `${path}.volumeMounts.subPath`)),
      ...propagationFaults(mount, container, `${path}.volumeMounts`),
    ];
  });
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

function propagationFaults(mount: JsonObject, container: JsonObject, at: string): FieldError[] {
  const propagation = mount['mountPropagation'];
  const privileged = objectAt(container, 'securityContext')['privileged'] === true;
  return [
    ...(propagation === undefined || PROPAGATIONS.includes(plainText(propagation))
      ? []
      : [notSupported(`${at}.mountPropagation`, propagation, PROPAGATIONS)]),
    ...(propagation === 'Bidirectional' && !privileged
      ? [
          forbiddenField(
            `${at}.mountPropagation`,
            'Bidirectional mount propagation is available only to privileged containers',
          ),
        ]
      : []),
  ];
}
