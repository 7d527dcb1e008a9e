// Discovery: which groups, versions and resources there are, as data; the two forms of the documents are made from it.
import { createHash } from 'node:crypto';
import type { Definition } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import { byVersionPriority } from '../registry/version-priority.ts';
import { releaseGroups } from './release-resources.ts';
import { reviewResources } from './reviews.ts';

/** What answers a request to a resource. */
export interface ResponseKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface DiscoveredSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  readonly responseKind: ResponseKind;
}

export interface DiscoveredResource {
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly responseKind: ResponseKind;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly DiscoveredSubresource[];
  /** Absent for what is not stored. */
  readonly storageVersionHash?: string;
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const createOnly: readonly string[] = ['binding', 'token', 'eviction'];

const connected: readonly string[] = ['exec', 'attach', 'portforward'];

const subresourceKinds: Readonly<Record<string, ResponseKind>> = {
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  binding: { group: '', version: 'v1', kind: 'Binding' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  exec: { group: '', version: 'v1', kind: 'PodExecOptions' },
  attach: { group: '', version: 'v1', kind: 'PodAttachOptions' },
  portforward: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
};

/** Custom resources have always named theirs in another order. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** Every group with something in it, the core group ('') first, Kubernetes' own in their order, then the others by name. */
export function groupNames(registry: Registry): readonly string[] {
  const present = new Set([...registry.list(), ...reviewResources].map(({ group }) => group));
  const own = releaseGroups().filter((group) => present.has(group));
  return [...own, ...[...present].filter((group) => !own.includes(group)).sort()];
}

/** The versions of a group, the preferred one first; empty when there is no such group. */
export function versionsOf(registry: Registry, group: string): readonly string[] {
  const served = registry.list().filter((definition) => definition.group === group);
  const versions = new Set(served.map((definition) => definition.version));
  if (reviewResources.some((review) => review.group === group)) versions.add('v1');
  return [...versions].sort(byVersionPriority);
}

/** The resources of a version by name; empty when nothing is served there. */
export function resourcesOf(registry: Registry, group: string, version: string): readonly DiscoveredResource[] {
  const served = registry.list().filter((definition) => definition.group === group && definition.version === version);
  const reviews = version === 'v1' ? reviewResources.filter((review) => review.group === group) : [];
  return [
    ...served.map(discovered),
    ...reviews.map(({ plural, kind, namespaced }) => ({
      plural,
      singular: kind.toLowerCase(),
      namespaced,
      verbs: ['create'],
      responseKind: { group, version, kind },
      shortNames: [],
      categories: [],
      subresources: [],
    })),
  ].sort((left, right) => (left.plural < right.plural ? -1 : 1));
}

function discovered(definition: Definition): DiscoveredResource {
  const { group, version, kind, plural } = definition;
  return {
    plural,
    singular: definition.singular,
    namespaced: definition.namespaced,
    verbs: verbsOf(definition),
    responseKind: { group, version, kind },
    shortNames: definition.shortNames,
    categories: definition.categories,
    subresources: (definition.custom ? definition.subresources : [...definition.subresources].sort()).map((name) => ({
      name,
      verbs: subresourceVerbs(name),
      responseKind: subresourceKinds[name] ?? { group, version, kind },
    })),
    storageVersionHash: createHash('sha256')
      .update(`${group}/${version}/${kind}`)
      .digest()
      .subarray(0, 8)
      .toString('base64'),
  };
}

function subresourceVerbs(name: string): readonly string[] {
  if (createOnly.includes(name)) return ['create'];
  if (connected.includes(name)) return ['create', 'get'];
  if (name === 'log') return ['get'];
  return name === 'finalize' ? ['update'] : ['get', 'patch', 'update'];
}

function verbsOf(definition: Definition): readonly string[] {
  if (definition.custom) return CUSTOM_VERBS;
  return hasCollectionDelete(definition) ? VERBS : VERBS.filter((verb) => verb !== 'deletecollection');
}

/** Namespaces are deleted one by one only. */
export const hasCollectionDelete = ({ group, plural }: Pick<Definition, 'group' | 'plural'>): boolean =>
  group !== '' || plural !== 'namespaces';
