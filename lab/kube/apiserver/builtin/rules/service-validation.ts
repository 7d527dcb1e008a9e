// Validation of Services, field by field in the order of a real server.
import { isIP } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, plainText, stringAt, stringsAt } from '../../json.ts';
import { labelFaults, labelNameFault, qualifiedNameFaults, subdomainNameFault } from '../../names.ts';
import { portFault, portOrNameFaults, protocolFault, specialAddressFaults, wordFault } from './field-checks.ts';
import { goServicePort, goStrings } from './go-value.ts';

/** '' when none is given. */
export const typeOfService = (spec: JsonObject): string => plainText(spec['type']);

/** A Service that has names but no address. */
export const isHeadless = (spec: JsonObject): boolean => {
  const addresses = stringsAt(spec, 'clusterIPs');
  return addresses.length === 1 ? addresses[0] === 'None' : stringAt(spec, 'clusterIP') === 'None';
};

/** Every fault of a Service that does not depend on other Services. */
export function serviceFaults(service: ApiObject): FieldError[] {
  const spec = objectAt(service, 'spec');
  const ports = objectsAt(spec, 'ports');
  const type = typeOfService(spec);
  return [
    ...(ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName' ? [required('spec.ports')] : []),
    ...typeFaults(spec, type),
    ...portsFaults(ports),
    ...labelFaults(spec['selector'], 'spec.selector'),
    ...wordFault(spec, 'sessionAffinity', 'spec', ['ClientIP', 'None']),
    ...affinityFaults(spec),
    ...addressFaults(spec, type),
    ...stringsAt(spec, 'externalIPs').flatMap((address, index) => {
      const at = `spec.externalIPs[${index}]`;
      return isIP(address) === 0
        ? [invalidValue(at, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
        : specialAddressFaults(address, at);
    }),
    ...wordFault(spec, 'type', 'spec', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']),
    ...(type === 'ClusterIP' ? nodePortFaults(ports) : []),
    ...repeatedPorts(ports),
    ...trafficFaults(spec, type),
  ];
}

function typeFaults(spec: JsonObject, type: string): FieldError[] {
  const headless = isHeadless(spec);
  switch (type) {
    case 'LoadBalancer':
    case 'NodePort':
      return headless
        ? [invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`)]
        : [];
    case 'ExternalName': {
      const name = (stringAt(spec, 'externalName') ?? '').replace(/\.$/, '');
      const fault = subdomainNameFault(name);
      const unfit = ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'].filter((field) => spec[field] !== undefined);
      return [
        ...unfit.map((field) => forbiddenField(`spec.${field}`, 'may not be set for ExternalName services')),
        ...(name === ''
          ? [required('spec.externalName')]
          : fault === undefined
            ? []
            : [invalidValue('spec.externalName', name, fault)]),
      ];
    }
    default:
      return [];
  }
}

function portsFaults(ports: readonly JsonObject[]): FieldError[] {
  const names: string[] = [];
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const name = stringAt(port, 'name') ?? '';
    const nameFault = name === '' ? undefined : labelNameFault(name);
    const repeated = name !== '' && names.includes(name);
    names.push(name);
    const protocol = stringAt(port, 'appProtocol');
    return [
      ...(ports.length > 1 && name === '' ? [required(`${at}.name`)] : []),
      ...(nameFault === undefined ? [] : [invalidValue(`${at}.name`, name, nameFault)]),
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
      ...portFault(numberAt(port, 'port') ?? 0, `${at}.port`),
      ...protocolFault(port, at),
      ...portOrNameFaults(port['targetPort'], `${at}.targetPort`),
      ...(protocol === undefined
        ? []
        : qualifiedNameFaults(protocol).map((fault) => invalidValue(`${at}.appProtocol`, protocol, fault))),
    ];
  });
}

const DAY = 86_400;

function affinityFaults(spec: JsonObject): FieldError[] {
  const at = 'spec.sessionAffinityConfig';
  if (spec['sessionAffinity'] !== 'ClientIP')
    return spec['sessionAffinity'] === 'None' && isObject(spec['sessionAffinityConfig'])
      ? [forbiddenField(at, 'must not be set when session affinity is None')]
      : [];
  const seconds = numberAt(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds') ?? 0;
  return seconds > 0 && seconds <= DAY
    ? []
    : [invalidValue(`${at}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${DAY}`)];
}

const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

function addressFaults(spec: JsonObject, type: string): FieldError[] {
  if (type === 'ExternalName') return [];
  const addresses = stringsAt(spec, 'clusterIPs');
  const address = stringAt(spec, 'clusterIP') ?? '';
  const families = stringsAt(spec, 'ipFamilies');
  const at = 'spec.clusterIPs';
  return [
    ...(address !== '' && addresses[0] !== address
      ? [
          addresses.length === 0
            ? required(at)
            : invalidValue(at, goStrings(addresses), 'first value must match `clusterIP`'),
        ]
      : []),
    ...(address === '' && addresses.length > 0
      ? [invalidValue(at, goStrings(addresses), 'must be empty when `clusterIP` is not specified')]
      : []),
    ...families.flatMap((family, index) => [
      ...(['IPv4', 'IPv6'].includes(family)
        ? []
        : [notSupported(`spec.ipFamilies[${index}]`, family, ['IPv4', 'IPv6'])]),
      ...(families.indexOf(family) < index ? [duplicate(`spec.ipFamilies[${index}]`, family)] : []),
    ]),
    ...wordFault(spec, 'ipFamilyPolicy', 'spec', POLICIES),
    ...addresses.flatMap((one, index) => {
      if (one === 'None')
        return index === 0 && addresses.length === 1
          ? []
          : [invalidValue(at, goStrings(addresses), "'None' must be the first and only value")];
      return isIP(one) === 0
        ? [invalidValue(`${at}[${index}]`, one, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
        : [];
    }),
    ...(addresses.length > 2 ? [invalidValue(at, goStrings(addresses), 'may only hold up to 2 values')] : []),
  ];
}

const nodePortFaults = (ports: readonly JsonObject[]): FieldError[] =>
  ports.flatMap((port, index) =>
    (numberAt(port, 'nodePort') ?? 0) === 0
      ? []
      : [forbiddenField(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")],
  );

function repeatedPorts(ports: readonly JsonObject[]): FieldError[] {
  const seen = new Set<string>();
  const repeated = (key: string): boolean => seen.has(key) || (seen.add(key), false);
  const protocolOf = (port: JsonObject): string => stringAt(port, 'protocol') ?? '';
  return [
    ...ports.flatMap((port, index) => {
      const number = numberAt(port, 'nodePort') ?? 0;
      return number !== 0 && repeated(`node ${protocolOf(port)} ${number}`)
        ? [duplicate(`spec.ports[${index}].nodePort`, number)]
        : [];
    }),
    ...ports.flatMap((port, index) => {
      const number = numberAt(port, 'port') ?? 0;
      return repeated(`${protocolOf(port)} ${number}`)
        ? [duplicate(`spec.ports[${index}]`, goServicePort(protocolOf(port), number))]
        : [];
    }),
  ];
}

function trafficFaults(spec: JsonObject, type: string): FieldError[] {
  const policy = stringAt(spec, 'externalTrafficPolicy');
  const outside =
    type === 'NodePort' ||
    type === 'LoadBalancer' ||
    (type === 'ClusterIP' && stringsAt(spec, 'externalIPs').length > 0);
  const balancerOnly = ['allocateLoadBalancerNodePorts', 'loadBalancerClass'].filter(
    (name) => spec[name] !== undefined && type !== 'LoadBalancer',
  );
  return [
    ...(stringsAt(spec, 'loadBalancerSourceRanges').length > 0 && type !== 'LoadBalancer'
      ? [forbiddenField('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'")]
      : []),
    ...balancerOnly.map((name) => forbiddenField(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'")),
    ...(policy !== undefined && !outside
      ? [invalidValue('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services')]
      : wordFault(spec, 'externalTrafficPolicy', 'spec', ['Cluster', 'Local'])),
    ...wordFault(spec, 'internalTrafficPolicy', 'spec', ['Cluster', 'Local']),
  ];
}
