// Which webhooks a write concerns: rules, object selector and namespace selector.
import type { ApiObject } from '../json.ts';
import { matchesLabels, selectorFromObject } from '../selection/label-selector.ts';
import type { AdmissionRequest } from './admission.ts';
import type { Webhook, WebhookRule } from './webhook-config.ts';

/** Does a webhook want to see this write? */
export function webhookApplies(
  webhook: Webhook,
  request: AdmissionRequest,
  object: ApiObject | undefined,
  namespaceLabels: (namespace: string) => Readonly<Record<string, string>>,
): boolean {
  if (!webhook.rules.some((rule) => ruleMatches(rule, request))) return false;
  return namespaceMatches(webhook, request, object, namespaceLabels) && objectMatches(webhook, request, object);
}

const includes = (words: readonly string[], word: string): boolean => words.includes('*') || words.includes(word);

function ruleMatches(rule: WebhookRule, { scope, operation }: AdmissionRequest): boolean {
  const { definition, subresource } = scope;
  if (
    !includes(rule.operations, operation) ||
    !includes(rule.apiGroups, definition.group) ||
    !includes(rule.apiVersions, definition.version)
  )
    return false;
  // A Namespace counts as cluster-scoped, as it is.
  if (rule.scope !== '*' && rule.scope !== (definition.namespaced ? 'Namespaced' : 'Cluster')) return false;
  return rule.resources.some((resource) => resourceMatches(resource, definition.plural, subresource));
}

function resourceMatches(pattern: string, plural: string, subresource: string | undefined): boolean {
  if (pattern === '*/*') return true;
  const [wantedResource = '', wantedSubresource] = pattern.split('/');
  if (wantedResource !== '*' && wantedResource !== plural) return false;
  if (wantedSubresource === undefined) return subresource === undefined;
  return wantedSubresource === '*' || wantedSubresource === subresource;
}

function objectMatches(webhook: Webhook, { old }: AdmissionRequest, object: ApiObject | undefined): boolean {
  const selector = selectorFromObject(webhook.objectSelector);
  if (selector.length === 0) return true;
  return [object, old].some(
    (candidate) => candidate !== undefined && matchesLabels(selector, candidate.metadata.labels ?? {}),
  );
}

function namespaceMatches(
  webhook: Webhook,
  { scope, old }: AdmissionRequest,
  object: ApiObject | undefined,
  namespaceLabels: (namespace: string) => Readonly<Record<string, string>>,
): boolean {
  const selector = selectorFromObject(webhook.namespaceSelector);
  if (selector.length === 0) return true;
  const { definition, namespace } = scope;
  if (definition.group === '' && definition.kind === 'Namespace')
    return matchesLabels(selector, (object ?? old)?.metadata.labels ?? {});
  // Cluster-scoped objects are never kept out by a namespace selector.
  return namespace === undefined || matchesLabels(selector, namespaceLabels(namespace));
}
