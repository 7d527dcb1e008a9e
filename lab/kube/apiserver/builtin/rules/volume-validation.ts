// Validation of a Pod's volumes: one source each, and the fields of the sources that are described.
import type { FieldError } from '../../field-error.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, stringAt } from '../../json.ts';
import { labelNameFault } from '../../names.ts';
import { quantityNanos } from '../../schema/quantity.ts';
import { descendingPathFaults, upwardsFault } from './field-checks.ts';

const MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
/** The order in which a server looks at them; the first is the volume's source. */
const SOURCES = [
  'emptyDir',
  'hostPath',
  'secret',
  'nfs',
  'persistentVolumeClaim',
  'downwardAPI',
  'configMap',
  'projected',
  'csi',
  'ephemeral',
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'iscsi',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];

/** Faults of the volumes, and the names of those without any (mounts may name only these). */
export function volumesFaults(
  volumes: readonly JsonObject[],
  path: string,
): { readonly faults: readonly FieldError[]; readonly names: readonly string[] } {
  const names: string[] = [];
  const faults = volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`;
    const name = stringAt(volume, 'name') ?? '';
    const found = [
      ...sourceFaults(volume, at),
      ...nameFaults(name, `${at}.name`),
      ...(names.includes(name) ? [duplicate(`${at}.name`, name)] : []),
    ];
    if (found.length === 0) names.push(name);
    return found;
  });
  return { faults, names };
}

function nameFaults(name: string, field: string): FieldError[] {
  if (name === '') return [required(field)];
  const fault = labelNameFault(name);
  return fault === undefined ? [] : [invalidValue(field, name, fault)];
}

function sourceFaults(volume: JsonObject, at: string): FieldError[] {
  const [first, ...more] = SOURCES.filter((name) => isObject(volume[name]));
  if (first === undefined) return [required(at, 'must specify a volume type')];
  return [
    ...faultsOfSource(first, objectAt(volume, first), `${at}.${first}`),
    ...more.map((name) => forbiddenField(`${at}.${name}`, 'may not specify more than 1 volume type')),
  ];
}

function faultsOfSource(name: string, source: JsonObject, at: string): FieldError[] {
  const missing = (field: string): FieldError[] =>
    (stringAt(source, field) ?? '') === '' ? [required(`${at}.${field}`)] : [];
  switch (name) {
    case 'emptyDir':
      return (quantityNanos(stringAt(source, 'sizeLimit') ?? '0') ?? 0n) < 0n
        ? [forbiddenField(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
        : [];
    case 'hostPath':
      return hostPathFaults(source, at);
    case 'secret':
      return [...missing('secretName'), ...modeFault(source, 'defaultMode', at), ...itemsFaults(source, at)];
    case 'configMap':
      return [...missing('name'), ...modeFault(source, 'defaultMode', at), ...itemsFaults(source, at)];
    case 'persistentVolumeClaim':
      return missing('claimName');
    case 'downwardAPI':
      return [
        ...modeFault(source, 'defaultMode', at),
        ...objectsAt(source, 'items').flatMap((item) => downwardFaults(item, at)),
      ];
    case 'projected':
      return [
        ...modeFault(source, 'defaultMode', at),
        ...objectsAt(source, 'sources').flatMap((projection, index) =>
          projectionFaults(projection, at, `${at}.sources[${index}]`),
        ),
      ];
    default:
      return [];
  }
}

function hostPathFaults(source: JsonObject, at: string): FieldError[] {
  const path = stringAt(source, 'path') ?? '';
  if (path === '') return [required(`${at}.path`)];
  const type = stringAt(source, 'type') ?? '';
  return [
    ...upwardsFault(path, `${at}.path`),
    ...(HOST_PATH_TYPES.includes(type) ? [] : [notSupported(`${at}.type`, type, HOST_PATH_TYPES)]),
  ];
}

function modeFault(source: JsonObject, field: string, at: string): FieldError[] {
  const mode = numberAt(source, field) ?? 0;
  return mode < 0 || mode > 0o777 ? [invalidValue(`${at}.${field}`, mode, MODE)] : [];
}

const itemsFaults = (source: JsonObject, at: string): FieldError[] =>
  objectsAt(source, 'items').flatMap((item, index) => keyToPathFaults(item, `${at}.items[${index}]`));

function keyToPathFaults(item: JsonObject, at: string): FieldError[] {
  return [
    ...((stringAt(item, 'key') ?? '') === '' ? [required(`${at}.key`)] : []),
    ...filePathFaults(item, at),
    ...modeFault(item, 'mode', at),
  ];
}

function filePathFaults(item: JsonObject, at: string): FieldError[] {
  const path = stringAt(item, 'path') ?? '';
  return [
    ...(path === '' ? [required(`${at}.path`)] : []),
    ...descendingPathFaults(path, `${at}.path`),
    ...(path.startsWith('..') && path !== '..' && !path.startsWith('../')
      ? [invalidValue(`${at}.path`, path, "must not start with '..'")]
      : []),
  ];
}

function downwardFaults(item: JsonObject, at: string): FieldError[] {
  return [
    ...filePathFaults(item, at),
    ...(isObject(item['fieldRef']) || isObject(item['resourceFieldRef'])
      ? []
      : [required(at, 'one of fieldRef and resourceFieldRef is required')]),
    ...modeFault(item, 'mode', at),
  ];
}

const TEN_MINUTES = 600;

function projectionFaults(projection: JsonObject, volumeAt: string, at: string): FieldError[] {
  const token = projection['serviceAccountToken'];
  const seconds = numberAt(token, 'expirationSeconds') ?? TEN_MINUTES;
  const count = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle'].filter((name) =>
    isObject(projection[name]),
  ).length;
  return [
    ...['secret', 'configMap'].flatMap((name) => {
      const source = projection[name];
      if (!isObject(source)) return [];
      return [
        ...((stringAt(source, 'name') ?? '') === '' ? [required(`${at}.${name}.name`)] : []),
        ...itemsFaults(source, `${at}.${name}`),
      ];
    }),
    ...objectsAt(projection, 'downwardAPI', 'items').flatMap((item) => downwardFaults(item, `${at}.downwardAPI`)),
    ...(isObject(token) && seconds < TEN_MINUTES
      ? [
          invalidValue(
            `${at}.serviceAccountToken.expirationSeconds`,
            seconds,
            'may not specify a duration less than 10 minutes',
          ),
        ]
      : []),
    ...(isObject(token) && (stringAt(token, 'path') ?? '') === '' ? [required(`${volumeAt}.path`)] : []),
    ...(count > 1 ? [forbiddenField(at, 'may not specify more than 1 volume type')] : []),
  ];
}
