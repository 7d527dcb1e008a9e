// Discovery documents: which groups, versions and resources there are.
import type { JsonObject } from '../json.ts';
import type { Definition, Subresource } from '../registry/definition.ts';
import { apiVersionOf } from '../registry/definition.ts';
import type { Registry } from '../registry/registry.ts';
import { reviewResources } from './reviews.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const subresourceVerbs: Record<Subresource, readonly string[]> = {
  status: ['get', 'patch', 'update'],
  scale: ['get', 'patch', 'update'],
  binding: ['create'],
  token: ['create'],
  finalize: ['update'],
};

const subresourceKinds: Partial<Record<Subresource, JsonObject>> = {
  scale: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  binding: { kind: 'Binding' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
};

/** `/api`. */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** `/apis`. */
export function groupList(registry: Registry): JsonObject {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupNames(registry).map((group) => groupOf(registry, group)),
  };
}

/** `/apis/GROUP`; `undefined` when there is no such group. */
export function groupDocument(registry: Registry, group: string): JsonObject | undefined {
  if (!groupNames(registry).includes(group)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(registry, group) };
}

function groupNames(registry: Registry): string[] {
  const served = registry.list().map((definition) => definition.group);
  return [...new Set([...served, ...reviewResources.map((review) => review.group)])].filter((group) => group !== '');
}

function groupOf(registry: Registry, group: string): JsonObject {
  const served = registry.list().filter((definition) => definition.group === group);
  const versions = [...new Set(served.map((definition) => definition.version))].sort(byVersionPriority);
  if (versions.length === 0) versions.push('v1');
  const entries = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** Kubernetes' order: stable before beta before alpha, then the higher number. */
function byVersionPriority(left: string, right: string): number {
  const rank = (version: string): readonly [number, number, number] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (match === null) return [0, 0, 0];
    return [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [one, two] = [rank(left), rank(right)];
  for (const index of [0, 1, 2] as const) if (one[index] !== two[index]) return two[index] - one[index];
  return left < right ? -1 : 1;
}

/** `/api/v1` and `/apis/GROUP/VERSION`; `undefined` when nothing is served there. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = registry.list().filter((definition) => definition.group === group && definition.version === version);
  const reviews = version === 'v1' ? reviewResources.filter((review) => review.group === group) : [];
  if (served.length === 0 && reviews.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: [
      ...served.flatMap((definition) => [
        resourceEntry(definition),
        ...definition.subresources.map((name) => subresourceEntry(definition, name)),
      ]),
      ...reviews.map(({ plural, kind, namespaced }) => ({
        name: plural,
        singularName: kind.toLowerCase(),
        namespaced,
        kind,
        verbs: ['create'],
      })),
    ],
  };
}

function resourceEntry(definition: Definition): JsonObject {
  return {
    name: definition.plural,
    singularName: definition.singular,
    namespaced: definition.namespaced,
    kind: definition.kind,
    verbs: VERBS,
    ...(definition.shortNames.length === 0 ? {} : { shortNames: definition.shortNames }),
    ...(definition.categories.length === 0 ? {} : { categories: definition.categories }),
    storageVersionHash: Buffer.from(`${apiVersionOf(definition)}/${definition.kind}`)
      .toString('base64')
      .slice(0, 12),
  };
}

function subresourceEntry(definition: Definition, name: Subresource): JsonObject {
  return {
    name: `${definition.plural}/${name}`,
    singularName: '',
    namespaced: definition.namespaced,
    kind: definition.kind,
    ...subresourceKinds[name],
    verbs: subresourceVerbs[name],
  };
}
