// Checks of single fields that the rules of many kinds share: numbers, ports, words from a list, paths, addresses.
import { isIP } from 'node:net';
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { isObject, numberAt, objectsAt, plainText, stringAt, stringsAt } from '../../json.ts';
import { labelFaults, labelKeyFaults } from '../../names.ts';

export const PORT_RANGE = 'must be between 1 and 65535, inclusive';
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** `owner[name]`, when given, is none of the supported words; the empty word counts as missing. */
export function wordFault(owner: JsonObject, name: string, path: string, supported: readonly string[]): FieldError[] {
  const value = owner[name];
  if (value === undefined || supported.includes(plainText(value))) return [];
  return value === '' ? [required(`${path}.${name}`)] : [notSupported(`${path}.${name}`, value, supported)];
}

/** `owner[name]` is a number below zero. */
export function negativeFault(owner: JsonObject, name: string, path: string): FieldError[] {
  const value = numberAt(owner, name) ?? 0;
  return value < 0 ? [invalidValue(`${path}.${name}`, value, 'must be greater than or equal to 0')] : [];
}

/** A number that is no port. */
export const portFault = (port: number, field: string): FieldError[] =>
  port >= 1 && port <= 65_535 ? [] : [invalidValue(field, port, PORT_RANGE)];

/** A word that is no name of a port, all reasons. */
export function portNameFaults(name: string, field: string): FieldError[] {
  const reasons = [
    ...(name.length > 15 ? ['must be no more than 15 characters'] : []),
    ...(/^[-a-z0-9]+$/.test(name) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
    ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(name.startsWith('-') || name.endsWith('-') ? ['must not begin or end with a hyphen'] : []),
  ];
  return reasons.map((reason) => invalidValue(field, name, reason));
}

/** A port given by number or by name. */
export const portOrNameFaults = (port: unknown, field: string): FieldError[] =>
  typeof port === 'string' ? portNameFaults(port, field) : portFault(Number(port ?? 0), field);

export const protocolFault = (owner: JsonObject, path: string): FieldError[] =>
  (stringAt(owner, 'protocol') ?? '') === ''
    ? [required(`${path}.protocol`)]
    : wordFault(owner, 'protocol', path, PROTOCOLS);

/** A path inside something: relative, and never upwards. */
export const descendingPathFaults = (path: string, field: string): FieldError[] => [
  ...(path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : []),
  ...upwardsFault(path, field),
];

export const upwardsFault = (path: string, field: string): FieldError[] =>
  path.split('/').includes('..') ? [invalidValue(field, path, "must not contain '..'")] : [];

/** `address/length`, of either family. */
export function isCidr(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  const family = isIP(address);
  return family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128);
}

/** An address that no endpoint or external address may have. */
export function specialAddressFaults(address: string, field: string): FieldError[] {
  if (isIP(address) === 0) return [invalidValue(field, address, 'must be a valid IP address')];
  if (address === '0.0.0.0' || address === '::')
    return [invalidValue(field, address, `may not be unspecified (${address})`)];
  if (address.startsWith('127.') || address === '::1')
    return [invalidValue(field, address, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')];
  if (address.startsWith('169.254.') || /^fe[89ab]/i.test(address))
    return [invalidValue(field, address, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')];
  return address.startsWith('224.0.0.') || /^ff.2:/i.test(address)
    ? [invalidValue(field, address, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')]
    : [];
}

/** Faults of a LabelSelector. */
export function labelSelectorFaults(selector: unknown, field: string): FieldError[] {
  if (!isObject(selector)) return [];
  return [
    ...labelFaults(selector['matchLabels'], `${field}.matchLabels`),
    ...objectsAt(selector, 'matchExpressions').flatMap((expression, index) => {
      const at = `${field}.matchExpressions[${index}]`;
      const operator = stringAt(expression, 'operator') ?? '';
      const values = stringsAt(expression, 'values').length;
      return [
        ...operatorFaults(operator, values, at),
        ...labelKeyFaults(stringAt(expression, 'key') ?? '', `${at}.key`),
      ];
    }),
  ];
}

function operatorFaults(operator: string, values: number, at: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values === 0 ? [required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")] : [];
    case 'Exists':
    case 'DoesNotExist':
      return values > 0
        ? [forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
        : [];
    default:
      return [invalidValue(`${at}.operator`, operator, 'not a valid selector operator')];
  }
}
