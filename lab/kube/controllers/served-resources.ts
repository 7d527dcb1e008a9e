// Everything the API serves right now, as its discovery documents say.
import { isNotFound } from '../../../src/kube/api-error.ts';
import type { KubeClient, Resource } from '../../../src/kube/types.ts';

export interface ServedResource extends Resource {
  readonly verbs: readonly string[];
}

export interface ServedResources {
  /** Each resource once, in the version that its group prefers. */
  readonly preferred: readonly ServedResource[];
  /** The resource of a kind in any served version, `apps/v1` and `ReplicaSet` for example; `undefined` when nothing serves it. */
  find(apiVersion: string, kind: string): ServedResource | undefined;
}

interface VersionList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

interface GroupList {
  readonly groups?: readonly {
    readonly name: string;
    readonly preferredVersion?: { readonly version: string };
    readonly versions: readonly { readonly version: string }[];
  }[];
}

/** Asks discovery. A group that is gone by the time it is asked is left out; any other failure rejects. */
export async function discoverResources(client: KubeClient): Promise<ServedResources> {
  const { groups = [] } = (await client.request('GET', '/apis')) as GroupList;
  const lists = [
    { group: '', version: 'v1', path: '/api/v1' },
    ...groups.flatMap(({ name, preferredVersion, versions }) =>
      // The preferred version first, so that a resource is taken from it where it is served there.
      [...versions]
        .sort(
          (one, other) =>
            Number(other.version === preferredVersion?.version) - Number(one.version === preferredVersion?.version),
        )
        .map(({ version }) => ({ group: name, version, path: `/apis/${name}/${version}` })),
    ),
  ];
  const answers = await Promise.all(
    lists.map(async ({ group, version, path }) => {
      const { resources = [] } = (await client.request('GET', path).catch(nothingIfGone)) as VersionList;
      return resources
        .filter(({ name }) => !name.includes('/'))
        .map(
          ({ name, kind, namespaced, verbs }): ServedResource => ({
            group,
            version,
            plural: name,
            kind,
            namespaced,
            verbs,
          }),
        );
    }),
  );
  const all = answers.flat();
  const byKind = new Map(all.map((resource) => [`${apiVersionOf(resource)}/${resource.kind}`, resource]));
  const preferred = new Map<string, ServedResource>();
  for (const resource of all) {
    const key = `${resource.group}/${resource.plural}`;
    if (!preferred.has(key)) preferred.set(key, resource);
  }
  return { preferred: [...preferred.values()], find: (apiVersion, kind) => byKind.get(`${apiVersion}/${kind}`) };
}

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`);

function nothingIfGone(error: unknown): VersionList {
  if (isNotFound(error)) return {};
  throw error;
}
