// The discovery documents: one for each group and version, and the aggregated form that newer clients ask for.
import type { JsonObject } from '../json.ts';
import type { Registry } from '../registry/registry.ts';
import { parseAccept } from './accept.ts';
import type { DiscoveredResource, ResponseKind } from './discovery.ts';
import { groupNames, resourcesOf, versionsOf } from './discovery.ts';

/** `/api`. `address` is where clients reach the server. */
export const coreVersions = (address: string): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});

/** `/apis`. */
export function groupList(registry: Registry): JsonObject {
  const groups = groupNames(registry).filter((group) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((group) => groupOf(registry, group)) };
}

/** `/apis/GROUP`; `undefined` when there is no such group. */
export function groupDocument(registry: Registry, group: string): JsonObject | undefined {
  if (group === '' || versionsOf(registry, group).length === 0) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(registry, group) };
}

function groupOf(registry: Registry, group: string): JsonObject {
  const entries = versionsOf(registry, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** `/api/v1` and `/apis/GROUP/VERSION`; `undefined` when nothing is served there. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const resources = resourcesOf(registry, group, version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    // The core group's list has never had a version of its own.
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resources.flatMap((resource) => listEntries(resource)),
  };
}

function listEntries(resource: DiscoveredResource): JsonObject[] {
  const { plural, namespaced, shortNames, categories, storageVersionHash, responseKind } = resource;
  const own: JsonObject = {
    name: plural,
    singularName: resource.singular,
    namespaced,
    kind: responseKind.kind,
    verbs: resource.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(storageVersionHash === undefined ? {} : { storageVersionHash }),
  };
  const below = resource.subresources.map((sub) => ({
    name: `${plural}/${sub.name}`,
    singularName: '',
    namespaced,
    // Only a kind of another group says so.
    ...(sameVersion(sub.responseKind, responseKind)
      ? {}
      : { group: sub.responseKind.group, version: sub.responseKind.version }),
    kind: sub.responseKind.kind,
    verbs: sub.verbs,
  }));
  return [own, ...below];
}

const sameVersion = (left: ResponseKind, right: ResponseKind): boolean =>
  left.group === right.group && left.version === right.version;

const AGGREGATED = 'APIGroupDiscoveryList';

/** The version of the aggregated form that an Accept header names, wherever it stands in it; `undefined` for the plain form. */
export function aggregatedVersion(accept: string): 'v2' | 'v2beta1' | undefined {
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    const isJson = type === '*' || (type === 'application' && (subtype === 'json' || subtype === '*'));
    if (!isJson || parameters.get('g') !== 'apidiscovery.k8s.io' || parameters.get('as') !== AGGREGATED) continue;
    const version = parameters.get('v');
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return undefined;
}

/** The media type of an aggregated document. */
export const aggregatedType = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=${AGGREGATED}`;

/** All groups but the core one (`/apis`), or the core one alone (`/api`), with everything in them. */
export function aggregatedDocument(registry: Registry, root: 'api' | 'apis', documentVersion: string): JsonObject {
  const groups = groupNames(registry).filter((group) => (group === '') === (root === 'api'));
  return {
    kind: AGGREGATED,
    apiVersion: `apidiscovery.k8s.io/${documentVersion}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versionsOf(registry, group).map((version) => ({
        version,
        resources: resourcesOf(registry, group, version).map(aggregatedEntry),
        freshness: 'Current',
      })),
    })),
  };
}

const aggregatedEntry = (resource: DiscoveredResource): JsonObject => ({
  resource: resource.plural,
  responseKind: resource.responseKind,
  scope: resource.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: resource.singular,
  verbs: resource.verbs,
  ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
  ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
  ...(resource.subresources.length === 0
    ? {}
    : {
        subresources: resource.subresources.map(({ name, responseKind, verbs }) => ({
          subresource: name,
          responseKind,
          verbs,
        })),
      }),
});
