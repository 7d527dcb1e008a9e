// The rules of admission webhook configurations.
import type { FieldError } from '../../field-error.ts';
import { duplicate, invalidValue, notSupported, required } from '../../field-error.ts';
import type { ApiObject, JsonObject } from '../../json.ts';
import { isObject, numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../../json.ts';
import type { Rules } from '../../registry/definition.ts';
import { notImplemented } from '../../status.ts';

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
  prepareCreate: refuseUnserved,
  prepareUpdate: refuseUnserved,
  validate(configuration) {
    const webhooks = objectsAt(configuration, 'webhooks');
    return webhooks.flatMap((webhook, index) => {
      const at = `webhooks[${index}]`;
      const name = stringAt(webhook, 'name') ?? '';
      const repeated = webhooks.findIndex((other) => other['name'] === name) < index;
      return [...webhookFaults(webhook, at), ...(repeated ? [duplicate(`${at}.name`, name)] : [])];
    });
  },
};

function refuseUnserved(configuration: ApiObject): void {
  if (objectsAt(configuration, 'webhooks').some((webhook) => objectsAt(webhook, 'matchConditions').length > 0))
    throw notImplemented('matchConditions of admission webhooks; use objectSelector or namespaceSelector');
}

function webhookFaults(webhook: JsonObject, at: string): FieldError[] {
  const name = stringAt(webhook, 'name') ?? '';
  const timeout = numberAt(webhook, 'timeoutSeconds') ?? 10;
  const sideEffects = stringAt(webhook, 'sideEffects');
  const versions = stringsAt(webhook, 'admissionReviewVersions');
  return [
    ...(name.split('.').length < 3
      ? [invalidValue(`${at}.name`, name, 'should be a domain with at least three segments separated by dots')]
      : []),
    ...(versions.length === 0 ? [required(`${at}.admissionReviewVersions`, 'must specify one of v1, v1beta1')] : []),
    ...(versions.length > 0 && !versions.includes('v1')
      ? [invalidValue(`${at}.admissionReviewVersions`, versions, 'must include at least one of v1')]
      : []),
    ...(sideEffects === undefined
      ? [required(`${at}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : ['None', 'NoneOnDryRun'].includes(sideEffects)
        ? []
        : [notSupported(`${at}.sideEffects`, sideEffects, ['None', 'NoneOnDryRun'])]),
    ...(timeout < 1 || timeout > 30
      ? [invalidValue(`${at}.timeoutSeconds`, timeout, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...enumFault(webhook, 'failurePolicy', at, ['Fail', 'Ignore']),
    ...enumFault(webhook, 'reinvocationPolicy', at, ['IfNeeded', 'Never']),
    ...clientFaults(objectAt(webhook, 'clientConfig'), `${at}.clientConfig`),
    ...objectsAt(webhook, 'rules').flatMap((rule, index) => ruleFaults(rule, `${at}.rules[${index}]`)),
  ];
}

function enumFault(webhook: JsonObject, name: string, at: string, supported: readonly string[]): FieldError[] {
  const value = stringAt(webhook, name);
  return value === undefined || supported.includes(value) ? [] : [notSupported(`${at}.${name}`, value, supported)];
}

function clientFaults(client: JsonObject, at: string): FieldError[] {
  const url = stringAt(client, 'url');
  const hasService = isObject(client['service']);
  if ((url === undefined) === !hasService) return [required(at, 'exactly one of url or service is required')];
  if (url !== undefined && !url.startsWith('https://'))
    return [
      invalidValue(`${at}.url`, url, "'https' is the only allowed URL scheme; desired format: https://host[/path]"),
    ];
  return [];
}

function ruleFaults(rule: JsonObject, at: string): FieldError[] {
  const needed = (['operations', 'apiGroups', 'apiVersions', 'resources'] as const).filter(
    (name) => stringsAt(rule, name).length === 0,
  );
  const operations = ['*', 'CREATE', 'UPDATE', 'DELETE', 'CONNECT'];
  const unknown = stringsAt(rule, 'operations').filter((operation) => !operations.includes(operation));
  return [
    ...needed.map((name) => required(`${at}.${name}`)),
    ...unknown.map((operation) => notSupported(`${at}.operations`, operation, operations)),
  ];
}
