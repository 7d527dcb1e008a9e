// Validation of a Pod's spec and of the Pod templates inside workloads, in the order of a real server.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import { isIP } from 'node:net';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { annotationFaults, labelFaults, labelNameFault, qualifiedNameFaults, subdomainNameFault } from '../../names.ts';
import { containersFaults } from './container-validation.ts';
import { wordFault } from './field-checks.ts';
import { affinityFaults, spreadFaults, tolerationsFaults } from './scheduling-validation.ts';
import { podSecurityContextFaults } from './security-validation.ts';
import { volumesFaults } from './volume-validation.ts';

const none: readonly FieldError[] = [];
const MAX_INT32 = 2_147_483_647;

/** Faults of a Pod's spec at `path`. */
export function podSpecFaults(spec: JsonObject, path: string): FieldError[] {
  const volumes = volumesFaults(objectsAt(spec, 'volumes'), `${path}.volumes`);
  const deadline = numberAt(spec, 'activeDeadlineSeconds');
  // Put together in one go: nearly all of them are empty.
  return none.concat(
    volumes.faults,
    containersFaults(spec, path, volumes.names),
    hostPortFaults(spec, path),
    wordFault(spec, 'restartPolicy', path, ['Always', 'OnFailure', 'Never']),
    wordFault(spec, 'dnsPolicy', path, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    labelFaults(spec['nodeSelector'], `${path}.nodeSelector`),
    podSecurityContextFaults(spec, path),
    affinityFaults(spec, path),
    dnsFaults(spec, path),
    objectsAt(spec, 'readinessGates').flatMap((gate, index) => {
      const type = stringAt(gate, 'conditionType') ?? '';
      const field = `${path}.readinessGates[${index}].conditionType`;
      return qualifiedNameFaults(type).map((fault) => invalidValue(field, type, fault));
    }),
    spreadFaults(spec, path),
    nameFaults(spec, 'serviceAccountName', path, subdomainNameFault),
    nameFaults(spec, 'nodeName', path, subdomainNameFault),
    deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)
      ? [invalidValue(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${MAX_INT32}, inclusive`)]
      : [],
    nameFaults(spec, 'hostname', path, labelNameFault),
    nameFaults(spec, 'subdomain', path, labelNameFault),
    tolerationsFaults(objectsAt(spec, 'tolerations'), `${path}.tolerations`),
    hostAliasFaults(spec, path),
    nameFaults(spec, 'priorityClassName', path, subdomainNameFault),
    nameFaults(spec, 'runtimeClassName', path, subdomainNameFault),
    wordFault(spec, 'preemptionPolicy', path, ['PreemptLowerPriority', 'Never']),
    osFaults(spec, path),
  );
}

function nameFaults(
  owner: JsonObject,
  name: string,
  path: string,
  faultOf: (name: string) => string | undefined,
): FieldError[] {
  const value = stringAt(owner, name) ?? '';
  const fault = value === '' ? undefined : faultOf(value);
  return fault === undefined ? [] : [invalidValue(`${path}.${name}`, value, fault)];
}

function hostPortFaults(spec: JsonObject, path: string): FieldError[] {
  if (spec['hostNetwork'] !== true) return [];
  return objectsAt(spec, 'containers').flatMap((container, index) =>
    objectsAt(container, 'ports').flatMap((port, at) =>
      (port['hostPort'] ?? 0) === 0 || port['hostPort'] === port['containerPort']
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

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;

function dnsFaults(spec: JsonObject, path: string): FieldError[] {
  const at = `${path}.dnsConfig`;
  const config = spec['dnsConfig'];
  const none = spec['dnsPolicy'] === 'None';
  if (!isObject(config)) return none ? [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')] : [];
  const servers = stringsAt(config, 'nameservers');
  const searches = stringsAt(config, 'searches');
  if (none && servers.length === 0)
    return [required(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  return [
    ...(servers.length > MAX_NAMESERVERS
      ? [invalidValue(`${at}.nameservers`, servers, `must not have more than ${MAX_NAMESERVERS} nameservers`)]
      : []),
    ...servers.flatMap((server, index) =>
      isIP(server) === 0 ? [invalidValue(`${at}.nameservers[${index}]`, server, 'must be valid IP address')] : [],
    ),
    ...(searches.length > MAX_SEARCHES
      ? [invalidValue(`${at}.searches`, searches, `must not have more than ${MAX_SEARCHES} search paths`)]
      : []),
    ...searches.flatMap((search, index) => {
      const name = search.replace(/\.$/, '');
      const fault = subdomainNameFault(name);
      return fault === undefined ? [] : [invalidValue(`${at}.searches[${index}]`, name, fault)];
    }),
    ...objectsAt(config, 'options').flatMap((option, index) =>
      (stringAt(option, 'name') ?? '') === '' ? [required(`${at}.options[${index}]`, 'must not be empty')] : [],
    ),
  ];
}

const hostAliasFaults = (spec: JsonObject, path: string): FieldError[] =>
  objectsAt(spec, 'hostAliases').flatMap((alias) => {
    const address = stringAt(alias, 'ip') ?? '';
    return [
      ...(isIP(address) === 0 ? [invalidValue(`${path}.hostAliases.ip`, address, 'must be valid IP address')] : []),
      ...stringsAt(alias, 'hostnames').flatMap((name) => {
        const fault = subdomainNameFault(name);
        return fault === undefined ? [] : [invalidValue(`${path}.hostAliases.hostnames`, name, fault)];
      }),
    ];
  });

function osFaults(spec: JsonObject, path: string): FieldError[] {
  if (!isObject(spec['os'])) return [];
  const name = stringAt(spec, 'os', 'name') ?? '';
  const known = ['linux', 'windows'];
  if (name === '') return [required(`${path}.os.name`, 'cannot be empty')];
  return known.includes(name) ? [] : [notSupported(`${path}.os`, name, known)];
}

/** Faults that only Pods have, not templates: an image may not start or end with a blank. */
export const podImageFaults = (spec: JsonObject, path: string): FieldError[] =>
  ['containers', 'initContainers'].flatMap((list) =>
    objectsAt(spec, list).flatMap((container, index) => {
      const image = stringAt(container, 'image') ?? '';
      return image === image.trim()
        ? []
        : [invalidValue(`${path}.${list}[${index}].image`, image, 'must not have leading or trailing whitespace')];
    }),
  );

/** Faults of a Pod template at `path`. */
export function podTemplateFaults(template: JsonObject, path: string): FieldError[] {
  const spec = objectAt(template, 'spec');
  return [
    ...labelFaults(objectAt(template, 'metadata')['labels'], `${path}.labels`),
    ...annotationFaults(objectAt(template, 'metadata')['annotations'], `${path}.annotations`),
    ...podSpecFaults(spec, `${path}.spec`),
    ...(objectsAt(spec, 'ephemeralContainers').length > 0
      ? [forbiddenField(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
      : []),
  ];
}
