// The rules of Endpoints and EndpointSlices: addresses, ports, and the type of address that a slice keeps.
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import { duplicate, invalidValue, notSupported, required, tooMany } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectsAt, plainText, stringAt, stringsAt } from '../../json.ts';
import { labelNameFault, qualifiedNameFaults, subdomainNameFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { portFault, protocolFault, specialAddressFaults } from './field-checks.ts';

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

export const endpointsRules: Rules = {
  applyDefaults(endpoints) {
    for (const subset of objectsAt(endpoints, 'subsets'))
      for (const port of objectsAt(subset, 'ports')) port['protocol'] ??= 'TCP';
  },
  validate: (endpoints) =>
    objectsAt(endpoints, 'subsets').flatMap((subset, index) => {
      const at = `subsets[${index}]`;
      const ports = objectsAt(subset, 'ports');
      const empty = objectsAt(subset, 'addresses').length + objectsAt(subset, 'notReadyAddresses').length === 0;
      return [
        ...(empty ? [required(at, 'must specify `addresses` or `notReadyAddresses`')] : []),
        ...['addresses', 'notReadyAddresses'].flatMap((member) =>
          objectsAt(subset, member).flatMap((address, position) =>
            addressFaults(address, `${at}.${member}[${position}]`),
          ),
        ),
        ...ports.flatMap((port, position) => portFaults(port, ports.length > 1, `${at}.ports[${position}]`)),
      ];
    }),
};

function optionalNameFault(
  owner: JsonObject,
  name: string,
  at: string,
  faultOf: (name: string) => string | undefined,
): FieldError[] {
  const value = stringAt(owner, name) ?? '';
  const fault = value === '' ? undefined : faultOf(value);
  return fault === undefined ? [] : [invalidValue(`${at}.${name}`, value, fault)];
}

function addressFaults(address: JsonObject, at: string): FieldError[] {
  const ip = stringAt(address, 'ip') ?? '';
  return [
    ...(isIP(ip) === 0 ? [invalidValue(`${at}.ip`, ip, NOT_AN_ADDRESS)] : []),
    ...optionalNameFault(address, 'hostname', at, labelNameFault),
    ...optionalNameFault(address, 'nodeName', at, subdomainNameFault),
    ...specialAddressFaults(ip, `${at}.ip`),
  ];
}

function portFaults(port: JsonObject, named: boolean, at: string): FieldError[] {
  const name = stringAt(port, 'name') ?? '';
  return [
    ...(named && name === '' ? [required(`${at}.name`)] : []),
    ...optionalNameFault(port, 'name', at, labelNameFault),
    ...portFault(numberAt(port, 'port') ?? 0, `${at}.port`),
    ...protocolFault(port, at),
    ...appProtocolFaults(port, at),
  ];
}

function appProtocolFaults(port: JsonObject, at: string): FieldError[] {
  const protocol = stringAt(port, 'appProtocol');
  return protocol === undefined
    ? []
    : qualifiedNameFaults(protocol).map((fault) => invalidValue(`${at}.appProtocol`, protocol, fault));
}

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 100;

export const endpointSliceRules: Rules = {
  tracksGeneration: true,
  applyDefaults(slice) {
    slice['endpoints'] ??= null;
    for (const port of objectsAt(slice, 'ports')) {
      port['name'] ??= '';
      port['protocol'] ??= 'TCP';
    }
  },
  validate(slice) {
    const type = plainText(slice['addressType']);
    return [
      ...(type === ''
        ? [required('addressType')]
        : ADDRESS_TYPES.includes(type)
          ? []
          : [notSupported('addressType', type, ADDRESS_TYPES)]),
      ...sliceEndpointFaults(objectsAt(slice, 'endpoints'), type),
      ...slicePortFaults(objectsAt(slice, 'ports')),
    ];
  },
  validateUpdate: (slice, old) =>
    slice['addressType'] === old['addressType']
      ? []
      : [invalidValue('addressType', slice['addressType'], 'field is immutable')],
};

function sliceEndpointFaults(endpoints: readonly JsonObject[], type: string): FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) return [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)];
  return endpoints.flatMap((endpoint, index) => {
    const at = `endpoints[${index}]`;
    const addresses = stringsAt(endpoint, 'addresses');
    return [
      ...(addresses.length === 0 ? [required(`${at}.addresses`, 'must contain at least 1 address')] : []),
      ...(addresses.length > MAX_ADDRESSES ? [tooMany(`${at}.addresses`, addresses.length, MAX_ADDRESSES)] : []),
      ...addresses.flatMap((address, position) => sliceAddressFaults(address, type, `${at}.addresses[${position}]`)),
      ...optionalNameFault(endpoint, 'nodeName', at, subdomainNameFault),
      ...optionalNameFault(endpoint, 'hostname', at, labelNameFault),
    ];
  });
}

function sliceAddressFaults(address: string, type: string, at: string): FieldError[] {
  switch (type) {
    case 'IPv4':
      return isIPv4(address)
        ? specialAddressFaults(address, at)
        : [invalidValue(at, address, 'must be a valid IPv4 address')];
    case 'IPv6':
      return isIPv6(address)
        ? specialAddressFaults(address, at)
        : [invalidValue(at, address, 'must be a valid IPv6 address')];
    case 'FQDN':
      return nameFaults(address, at);
    default:
      return [];
  }
}

function nameFaults(address: string, at: string): FieldError[] {
  const name = address.replace(/\.$/, '');
  if (address === '') return [required(at)];
  const fault = subdomainNameFault(name);
  if (fault !== undefined) return [invalidValue(at, name, fault)];
  return name.includes('.')
    ? []
    : [invalidValue(at, name, 'should be a domain with at least two segments separated by dots')];
}

function slicePortFaults(ports: readonly JsonObject[]): FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany('ports', ports.length, MAX_PORTS)];
  const names = ports.map((port) => stringAt(port, 'name') ?? '');
  return ports.flatMap((port, index) => {
    const at = `ports[${index}]`;
    const name = names[index] ?? '';
    return [
      ...optionalNameFault(port, 'name', at, labelNameFault),
      ...(names.indexOf(name) < index ? [duplicate(`${at}.name`, name)] : []),
      ...protocolFault(port, at),
      ...appProtocolFaults(port, at),
    ];
  });
}
