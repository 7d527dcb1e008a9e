// The rules of admission webhook configurations.
import type { FieldError } from '../../field-error.ts';
import { duplicate, invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import { dns1035NameFault, subdomainNameFault } from '../../names.ts';
import type { Rules } from '../../registry/definition.ts';
import { goStrings } from './go-value.ts';
import { isMatchPolicy, matchConditionFaults, operationRuleFaults, webhookSelectorFaults } from './operation-rules.ts';

const REVIEW_VERSIONS = ['v1', 'v1beta1'];

export const webhookConfigurationRules: Rules = {
  tracksGeneration: true,
  needsLock: true,
  applyDefaults(configuration) {
    for (const webhook of objectsAt(configuration, 'webhooks')) {
      webhook['failurePolicy'] ??= 'Fail';
      webhook['matchPolicy'] ??= 'Equivalent';
      webhook['timeoutSeconds'] ??= 10;
      webhook['namespaceSelector'] ??= {};
      webhook['objectSelector'] ??= {};
      if (configuration.kind === 'MutatingWebhookConfiguration') webhook['reinvocationPolicy'] ??= 'Never';
      for (const rule of objectsAt(webhook, 'rules')) rule['scope'] ??= '*';
      const service = objectAt(webhook, 'clientConfig')['service'];
      if (isObject(service)) service['port'] ??= 443;
    }
  },
  validate: (configuration) => configurationFaults(configuration),
};

function configurationFaults(configuration: ApiObject): FieldError[] {
  const webhooks = objectsAt(configuration, 'webhooks');
  return webhooks.flatMap((webhook, index) => {
    const at = `webhooks[${index}]`;
    const name = stringAt(webhook, 'name') ?? '';
    const repeated = name !== '' && webhooks.findIndex((other) => other['name'] === name) < index;
    return [
      ...webhookFaults(webhook, at),
      ...reviewVersionFaults(stringsAt(webhook, 'admissionReviewVersions'), `${at}.admissionReviewVersions`),
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
    ];
  });
}

function webhookFaults(webhook: JsonObject, at: string): FieldError[] {
  const timeout = numberAt(webhook, 'timeoutSeconds') ?? 10;
  const sideEffects = stringAt(webhook, 'sideEffects');
  const matchPolicy = stringAt(webhook, 'matchPolicy') ?? '';
  return [
    ...fullNameFaults(stringAt(webhook, 'name') ?? '', `${at}.name`),
    ...objectsAt(webhook, 'rules').flatMap((rule, index) => operationRuleFaults(rule, `${at}.rules[${index}]`)),
    ...enumFault(webhook, 'failurePolicy', at, ['Fail', 'Ignore']),
    ...(isMatchPolicy(matchPolicy) ? [] : [notSupported(`${at}.matchPolicy`, matchPolicy, ['Equivalent', 'Exact'])]),
    ...(sideEffects === undefined
      ? [required(`${at}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : ['None', 'NoneOnDryRun'].includes(sideEffects)
        ? []
        : [notSupported(`${at}.sideEffects`, sideEffects, ['None', 'NoneOnDryRun'])]),
    ...(timeout < 1 || timeout > 30
      ? [invalidValue(`${at}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...webhookSelectorFaults(webhook, at),
    ...enumFault(webhook, 'reinvocationPolicy', at, ['IfNeeded', 'Never']),
    ...clientFaults(objectAt(webhook, 'clientConfig'), `${at}.clientConfig`),
    ...matchConditionFaults(webhook, undefined, `${at}.matchConditions`, false),
  ];
}

function fullNameFaults(name: string, at: string): FieldError[] {
  if (name === '') return [required(at)];
  const fault = subdomainNameFault(name);
  if (fault !== undefined) return [invalidValue(at, name, fault)];
  return name.split('.').length < 3
    ? [invalidValue(at, name, 'should be a domain with at least three segments separated by dots')]
    : [];
}

function reviewVersionFaults(versions: readonly string[], at: string): FieldError[] {
  const known = REVIEW_VERSIONS.join(', ');
  if (versions.length === 0) return [required(at, `must specify one of ${known}`)];
  const errors = versions.flatMap((version, index) => {
    if (versions.indexOf(version) < index) return [invalidValue(`${at}[${index}]`, version, 'duplicate version')];
    const fault = dns1035NameFault(version);
    return fault === undefined ? [] : [invalidValue(`${at}[${index}]`, version, fault)];
  });
  return versions.some((version) => REVIEW_VERSIONS.includes(version))
    ? errors
    : [...errors, invalidValue(at, goStrings(versions), `must include at least one of ${known}`)];
}

function enumFault(webhook: JsonObject, name: string, at: string, supported: readonly string[]): FieldError[] {
  const value = stringAt(webhook, name);
  return value === undefined || supported.includes(value) ? [] : [notSupported(`${at}.${name}`, value, supported)];
}

function clientFaults(client: JsonObject, at: string): FieldError[] {
  const url = stringAt(client, 'url');
  const { service } = client;
  if ((url === undefined) === !isObject(service)) return [required(at, 'exactly one of url or service is required')];
  if (url !== undefined) return urlFaults(url, `${at}.url`);
  return serviceFaults(isObject(service) ? service : {}, `${at}.service`);
}

const FORM = '; desired format: https://host[/path]';

function urlFaults(url: string, at: string): FieldError[] {
  const parts = /^(?:([a-zA-Z][\w+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(url);
  const [, scheme = '', authority = '', , query = '', fragment = ''] = parts ?? [];
  const user = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : undefined;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return [
    ...(scheme.toLowerCase() === 'https'
      ? []
      : [invalidValue(at, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`)]),
    ...(host === '' ? [invalidValue(at, '', `host must be provided${FORM}`)] : []),
    ...(user === undefined ? [] : [invalidValue(at, user, 'user information is not permitted in the URL')]),
    ...(fragment === '' ? [] : [invalidValue(at, fragment, 'fragments are not permitted in the URL')]),
    ...(query === '' ? [] : [invalidValue(at, query, 'query parameters are not permitted in the URL')]),
  ];
}

function serviceFaults(service: JsonObject, at: string): FieldError[] {
  const port = numberAt(service, 'port') ?? 443;
  return [
    ...(stringAt(service, 'name') ? [] : [required(`${at}.name`, 'service name is required')]),
    ...(stringAt(service, 'namespace') ? [] : [required(`${at}.namespace`, 'service namespace is required')]),
    ...(port < 1 || port > 65_535
      ? [invalidValue(`${at}.port`, port, 'port is not valid: must be between 1 and 65535, inclusive')]
      : []),
    ...pathFaults(stringAt(service, 'path') ?? '/', `${at}.path`),
  ];
}

function pathFaults(path: string, at: string): FieldError[] {
  if (path === '/' || path === '') return [];
  if (path === '//') return [invalidValue(at, path, 'segment[0] may not be empty')];
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(path.startsWith('/') ? [] : [invalidValue(at, path, "must start with a '/'")]),
    ...steps.flatMap((step, index) => {
      const fault = step === '' ? undefined : subdomainNameFault(step);
      if (step === '') return [invalidValue(at, path, `segment[${index}] may not be empty`)];
      return fault === undefined ? [] : [invalidValue(at, path, `segment[${index}]: ${fault}`)];
    }),
  ];
}
