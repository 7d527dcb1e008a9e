// One PolicyRule of RBAC: which requests it covers, which other rules, and how messages write it.
import type { JsonObject } from '../json.ts';
import { stringsAt } from '../json.ts';
import type { Attributes } from './attributes.ts';

/** rbac.authorization.k8s.io/v1 PolicyRule with absent lists empty. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** Reads a rule of a stored role. */
export const policyRule = (rule: JsonObject): PolicyRule => ({
  verbs: stringsAt(rule, 'verbs'),
  apiGroups: stringsAt(rule, 'apiGroups'),
  resources: stringsAt(rule, 'resources'),
  resourceNames: stringsAt(rule, 'resourceNames'),
  nonResourceURLs: stringsAt(rule, 'nonResourceURLs'),
});

/** Does the rule allow the request? */
export function covers(rule: PolicyRule, attributes: Attributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (attributes.kind === 'path') return rule.nonResourceURLs.some((pattern) => matchesPath(pattern, attributes.path));
  if (!includes(rule.apiGroups, attributes.group) || !matchesResource(rule.resources, attributes.resource))
    return false;
  return rule.resourceNames.length === 0 || rule.resourceNames.includes(attributes.name);
}

const includes = (list: readonly string[], wanted: string): boolean => list.includes('*') || list.includes(wanted);

const matchesPath = (pattern: string, path: string): boolean =>
  pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')));

function matchesResource(list: readonly string[], wanted: string): boolean {
  if (includes(list, wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash >= 0 && list.includes(`*${wanted.slice(slash)}`);
}

/** The parts of `wanted` that no rule of `held` allows, each for one verb and one resource or path. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(atoms).filter((atom) => !held.some((rule) => allowsAtom(rule, atom)));
}

const NOTHING: PolicyRule = { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

function atoms(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  const resources = rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        names.map((resourceNames) => ({
          ...NOTHING,
          apiGroups: [group],
          resources: [resource],
          verbs: [verb],
          resourceNames,
        })),
      ),
    ),
  );
  const paths = rule.nonResourceURLs.flatMap((url) =>
    rule.verbs.map((verb) => ({ ...NOTHING, nonResourceURLs: [url], verbs: [verb] })),
  );
  return [...resources, ...paths];
}

function allowsAtom(rule: PolicyRule, atom: PolicyRule): boolean {
  const all = (wanted: readonly string[], has: (one: string) => boolean): boolean => wanted.every(has);
  return (
    all(atom.verbs, (verb) => includes(rule.verbs, verb)) &&
    all(atom.apiGroups, (group) => includes(rule.apiGroups, group)) &&
    all(atom.resources, (resource) => matchesResource(rule.resources, resource)) &&
    all(atom.nonResourceURLs, (url) => rule.nonResourceURLs.some((pattern) => matchesPath(pattern, url))) &&
    (rule.resourceNames.length === 0 ||
      (atom.resourceNames.length > 0 && all(atom.resourceNames, (name) => rule.resourceNames.includes(name))))
  );
}

/** Joins rules that differ in nothing but their verb; those about paths stay as they are. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const kept: PolicyRule[] = [];
  const merged = new Map<string, PolicyRule>();
  for (const rule of rules) {
    if (
      rule.nonResourceURLs.length > 0 ||
      rule.apiGroups.length !== 1 ||
      rule.resources.length !== 1 ||
      rule.resourceNames.length > 1
    ) {
      kept.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const before = merged.get(key);
    merged.set(key, before === undefined ? rule : { ...before, verbs: [...before.verbs, ...rule.verbs] });
  }
  return [...kept, ...merged.values()];
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`, as escalation messages show a rule. */
export function ruleText(rule: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const shown = parts.filter(([, list]) => list.length > 0).map(([name, list]) => `${name}:${quotedList(list)}`);
  return `{${shown.join(', ')}}`;
}

/** A list of texts as Go's `%q` prints it: `["a" "b"]`. */
export const quotedList = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(' ')}]`;
