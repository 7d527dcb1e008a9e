// Which writes a webhook or a policy concerns: rules, equivalent versions, selectors of namespaces and objects.
import type { ApiObject, JsonObject } from '../json.ts';
import { objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { Registry } from '../registry/registry.ts';
import { matchesLabels, selectorFromObject } from '../selection/label-selector.ts';
import type { AdmissionView, GroupVersionKind, GroupVersionResource } from './admission-view.ts';

export interface OperationRule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
  /** Empty for every name. */
  readonly resourceNames: readonly string[];
}

export interface MatchCriteria {
  readonly rules: readonly OperationRule[];
  readonly excluded: readonly OperationRule[];
  readonly matchPolicy: string;
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
}

/** What a write is matched against, and in which version the matching party wants to see it. */
export interface Match {
  readonly resource: GroupVersionResource;
  readonly kind: GroupVersionKind;
}

export interface MatchDeps {
  readonly registry: Pick<Registry, 'list'>;
  namespace(name: string): ApiObject | undefined;
}

/** The rules of a list of RuleWithOperations. */
export function readRules(owner: unknown, member: string): readonly OperationRule[] {
  return objectsAt(owner, member).map((rule) => ({
    operations: stringsAt(rule, 'operations'),
    apiGroups: stringsAt(rule, 'apiGroups'),
    apiVersions: stringsAt(rule, 'apiVersions'),
    resources: stringsAt(rule, 'resources'),
    scope: stringAt(rule, 'scope') ?? '*',
    resourceNames: stringsAt(rule, 'resourceNames'),
  }));
}

/** MatchResources of policies and bindings; absent means everything. */
export function readMatchResources(owner: unknown, member: string): MatchCriteria {
  const resources = objectAt(owner, member);
  return {
    rules: readRules(resources, 'resourceRules'),
    excluded: readRules(resources, 'excludeResourceRules'),
    matchPolicy: stringAt(resources, 'matchPolicy') ?? 'Equivalent',
    namespaceSelector: objectAt(resources, 'namespaceSelector'),
    objectSelector: objectAt(resources, 'objectSelector'),
  };
}

/** How the criteria match a write; `undefined` when they do not. No rules at all match everything. */
export function matchOf(criteria: MatchCriteria, view: AdmissionView, deps: MatchDeps): Match | undefined {
  if (!namespaceMatches(criteria, view, deps) || !objectMatches(criteria, view)) return undefined;
  if (ruleMatch(criteria.excluded, criteria.matchPolicy, view, deps) !== undefined) return undefined;
  if (criteria.rules.length === 0) return { resource: view.resource, kind: view.kind };
  return ruleMatch(criteria.rules, criteria.matchPolicy, view, deps);
}

/** The first rule for the resource itself, then, unless only exact matches count, for its other versions. */
export function ruleMatch(
  rules: readonly OperationRule[],
  matchPolicy: string,
  view: AdmissionView,
  { registry }: MatchDeps,
): Match | undefined {
  const own = { resource: view.resource, kind: view.kind };
  if (rules.some((rule) => ruleCovers(rule, view, view.resource))) return own;
  if (matchPolicy !== 'Equivalent' || rules.length === 0) return undefined;
  for (const rule of rules) {
    for (const other of equivalents(view, registry)) if (ruleCovers(rule, view, other.resource)) return other;
  }
  return undefined;
}

/** The same objects under another version: other served versions, and Events, which two groups serve. */
function equivalents({ resource, kind, subresource }: AdmissionView, registry: MatchDeps['registry']): Match[] {
  const isEvent = (group: string, plural: string): boolean =>
    plural === 'events' && (group === '' || group === 'events.k8s.io');
  return registry
    .list()
    .filter(
      ({ group, version, plural }) =>
        (group !== resource.group || version !== resource.version) &&
        ((group === resource.group && plural === resource.resource) ||
          (isEvent(group, plural) && isEvent(resource.group, resource.resource))),
    )
    .map((definition) => ({
      resource: { group: definition.group, version: definition.version, resource: definition.plural },
      kind:
        subresource === '' || kind.group === resource.group
          ? { group: definition.group, version: definition.version, kind: definition.kind }
          : kind,
    }));
}

const includes = (words: readonly string[], word: string): boolean => words.includes('*') || words.includes(word);

function ruleCovers(rule: OperationRule, view: AdmissionView, resource: GroupVersionResource): boolean {
  if (!includes(rule.operations, view.request.operation)) return false;
  if (!includes(rule.apiGroups, resource.group) || !includes(rule.apiVersions, resource.version)) return false;
  if (rule.scope !== '*' && rule.scope !== (isInNamespace(view) ? 'Namespaced' : 'Cluster')) return false;
  if (!rule.resources.some((pattern) => resourceMatches(pattern, resource.resource, view.subresource))) return false;
  return rule.resourceNames.length === 0 || rule.resourceNames.includes(view.name);
}

/** A Namespace counts as cluster-scoped, as it is. */
const isInNamespace = ({ request }: AdmissionView): boolean => request.scope.definition.namespaced;

function resourceMatches(pattern: string, plural: string, subresource: string): boolean {
  if (pattern === '*/*') return true;
  const [wantedResource = '', wantedSubresource] = pattern.split('/');
  if (wantedResource !== '*' && wantedResource !== plural) return false;
  if (wantedSubresource === undefined) return subresource === '';
  return wantedSubresource === '*' || wantedSubresource === subresource;
}

function objectMatches(criteria: MatchCriteria, { object, oldObject }: AdmissionView): boolean {
  const selector = selectorFromObject(criteria.objectSelector);
  if (selector.length === 0) return true;
  return [object, oldObject].some(
    (candidate) => candidate !== undefined && matchesLabels(selector, candidate.metadata?.labels ?? {}),
  );
}

function namespaceMatches(criteria: MatchCriteria, view: AdmissionView, deps: MatchDeps): boolean {
  const selector = selectorFromObject(criteria.namespaceSelector);
  if (selector.length === 0) return true;
  const { definition } = view.request.scope;
  const isNamespace = definition.group === '' && definition.kind === 'Namespace';
  if (isNamespace && view.subresource === '' && view.request.operation !== 'DELETE')
    return matchesLabels(selector, view.object?.metadata.labels ?? {});
  // Cluster-scoped objects are never kept out by a namespace selector.
  if (view.namespace === '') return true;
  return matchesLabels(selector, deps.namespace(view.namespace)?.metadata.labels ?? {});
}

/** The object as another version shows it: versions of one kind differ in nothing but their name. */
export function inKind(
  object: ApiObject | undefined,
  { group, version, kind }: GroupVersionKind,
): ApiObject | undefined {
  return object && { ...object, apiVersion: group === '' ? version : `${group}/${version}`, kind };
}

const EXEMPT_KINDS = [
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
];

/** What decides about admission is not itself subject to it: a broken webhook must not lock out its own repair. */
export const isExempt = ({ request }: AdmissionView): boolean =>
  request.scope.definition.group === 'admissionregistration.k8s.io' &&
  EXEMPT_KINDS.includes(request.scope.definition.kind);
