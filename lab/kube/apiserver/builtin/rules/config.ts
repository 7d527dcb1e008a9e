// The rules of ConfigMaps, Secrets and ServiceAccounts: keys, sizes, types of Secrets, and what is immutable.
import type { FieldError } from '../../field-error.ts';
import { forbiddenField, invalidValue, required, tooManyBytes } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { equalJson, objectAt, plainText, stringMapAt } from '../../json.ts';
import { dataKeyNameFaults } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';

const MAX_BYTES = 1024 * 1024;
/** How messages name the object as a whole. */
const WHOLE = '[]';

function immutableFaults(object: ApiObject, old: ApiObject, members: readonly string[]): FieldError[] {
  if (old['immutable'] !== true) return [];
  const message = 'field is immutable when `immutable` is set';
  return [
    ...(object['immutable'] === true ? [] : [forbiddenField('immutable', message)]),
    ...members.filter((name) => !equalJson(object[name], old[name])).map((name) => forbiddenField(name, message)),
  ];
}

const keyFaults = (data: JsonObject, member: string): FieldError[] =>
  Object.keys(data).flatMap((key) =>
    dataKeyNameFaults(key).map((fault) => invalidValue(`${member}[${key}]`, key, fault)),
  );

const decodedBytes = (data: Record<string, string>): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.from(value, 'base64').length, 0);

export const configMapRules: Rules = {
  validate(map) {
    const data = objectAt(map, 'data');
    const binary = objectAt(map, 'binaryData');
    const texts = Object.values(stringMapAt(map, 'data')).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
    return [
      ...Object.keys(data).flatMap((key) => [
        ...keyFaults({ [key]: '' }, 'data'),
        ...(Object.hasOwn(binary, key)
          ? [invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')]
          : []),
      ]),
      ...keyFaults(binary, 'binaryData'),
      ...(texts + decodedBytes(stringMapAt(map, 'binaryData')) > MAX_BYTES ? [tooManyBytes(WHOLE, MAX_BYTES)] : []),
    ];
  },
  validateUpdate: (map, old) => immutableFaults(map, old, ['data', 'binaryData']),
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
  validate(secret) {
    const data = stringMapAt(secret, 'data');
    return [
      ...keyFaults(data, 'data'),
      ...(decodedBytes(data) > MAX_BYTES ? [tooManyBytes('data', MAX_BYTES)] : []),
      ...typeFaults(secret, data),
    ];
  },
  validateUpdate: (secret, old) => [
    ...(secret['type'] === old['type'] ? [] : [invalidValue('type', secret['type'], 'field is immutable')]),
    ...immutableFaults(secret, old, ['data']),
  ],
};

const ACCOUNT = 'kubernetes.io/service-account.name';

function typeFaults(secret: ApiObject, data: Record<string, string>): FieldError[] {
  const missing = (key: string, at = 'data'): FieldError[] =>
    data[key] === undefined ? [required(`${at}[${key}]`)] : [];
  switch (plainText(secret['type'])) {
    case 'kubernetes.io/service-account-token':
      return (secret.metadata.annotations?.[ACCOUNT] ?? '') === ''
        ? [required(`metadata.annotations[${ACCOUNT}]`)]
        : [];
    case 'kubernetes.io/dockercfg':
      return jsonFaults(data, '.dockercfg');
    case 'kubernetes.io/dockerconfigjson':
      return jsonFaults(data, '.dockerconfigjson');
    // A real server's paths of these two carry a placeholder that was never filled in.
    case 'kubernetes.io/basic-auth':
      return data['username'] === undefined && data['password'] === undefined
        ? [...missing('username', 'data[%s]'), ...missing('password', 'data[%s]')]
        : [];
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? [required('data[%s][ssh-privatekey]')] : [];
    case 'kubernetes.io/tls':
      return [...missing('tls.crt'), ...missing('tls.key')];
    default:
      return [];
  }
}

function jsonFaults(data: Record<string, string>, key: string): FieldError[] {
  const value = data[key];
  if (value === undefined) return [required(`data[${key}]`)];
  const text = Buffer.from(value, 'base64').toString('utf8');
  const fault = jsonObjectFault(text);
  return fault === undefined ? [] : [invalidValue(`data[${key}]`, '<secret contents redacted>', fault)];
}

/** As encoding/json words it. */
function jsonObjectFault(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input';
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
  } catch {
    const start = text.trimStart();
    const word = ['null', 'true', 'false'].find((known) => known.startsWith(start.charAt(0)));
    if (word === undefined) return `invalid character '${start.charAt(0)}' looking for beginning of value`;
    const at = word.split('').findIndex((letter, index) => start.charAt(index) !== letter);
    return `invalid character '${start.charAt(at)}' in literal ${word} (expecting '${word.charAt(at)}')`;
  }
}
