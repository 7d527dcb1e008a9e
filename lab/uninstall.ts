// Takes away what a lab made in a cluster that goes on without it.
import { finalizers, objectNames, WEBHOOK_EXEMPT_LABEL } from '../src/api/keys.ts';
import type { KubeClient, KubeObject, Resource } from '../src/kube/types.ts';
import { namespaces, nodes } from '../src/kube/resources.ts';
import { customResourceDefinitions, resourceOf } from './kube-resources.ts';
import { waitForObjects } from './wait.ts';

export interface Leftovers {
  /** Namespaces that the lab's user had it make. */
  readonly namespaces: readonly string[];
  /** What was installed, definitions included. */
  readonly objects: readonly KubeObject[];
  readonly nodeNames: readonly string[];
}

interface Definition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly plural: string; readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly storage: boolean }[];
  };
}

const isWorkload = (object: KubeObject): boolean => object.kind === 'Deployment' || object.kind === 'DaemonSet';
const isDefinition = (object: KubeObject): object is Definition => object.kind === 'CustomResourceDefinition';

/**
 * Namespaces first, while our programs still release what their Pods hold; then programs, nodes, definitions with their objects, and the rest;
 * last what we left on namespaces that stay.
 * Rejects when something does not go; what was named so far is gone then.
 */
export async function uninstall(
  client: KubeClient,
  { namespaces: made, objects, nodeNames }: Leftovers,
): Promise<void> {
  await Promise.all(made.map((name) => client.delete(namespaces, name)));
  await waitForObjects(client, namespaces, (all) => !all.some((item) => made.includes(item.metadata.name)), {
    what: `namespaces ${made.join(', ')} to go`,
  });
  await removeAll(client, objects.filter(isWorkload));
  await Promise.all(nodeNames.map((name) => client.delete(nodes, name)));
  const definitions = objects.filter(isDefinition);
  for (const definition of definitions) await emptyDefinition(client, definition);
  await removeAll(client, definitions);
  await waitForObjects(
    client,
    customResourceDefinitions,
    (all) => !all.some((item) => definitions.some((definition) => definition.metadata.name === item.metadata.name)),
    { what: 'our CustomResourceDefinitions to go' },
  );
  await removeAll(
    client,
    objects.filter((object) => !isWorkload(object) && !isDefinition(object)),
  );
  await releaseNamespaces(client);
  // Set by the installation in clusters before 1.21.
  const unmark = { metadata: { labels: { [WEBHOOK_EXEMPT_LABEL]: null } } };
  await client.patch(namespaces, objectNames.systemNamespace, { type: 'merge', body: unmark });
}

/** The finalizer that ipamd takes off by itself, were it still there; nothing puts it on again once no VpcENI is left. */
async function releaseNamespaces(client: KubeClient): Promise<void> {
  for (const { metadata } of (await client.list(namespaces)).items) {
    const { name, resourceVersion } = metadata;
    const kept = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== finalizers.namespace);
    if (kept.length < (metadata.finalizers ?? []).length)
      await client.patch(namespaces, name, {
        type: 'merge',
        body: { metadata: { resourceVersion, finalizers: kept } },
      });
  }
}

async function removeAll(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  await Promise.all(
    objects.map((object) => {
      const { name, namespace } = object.metadata;
      return client.delete(resourceOf(object), name, namespace === undefined ? {} : { namespace });
    }),
  );
}

/** The programs that would answer finalizers are gone, and so is the cloud they spoke of. */
async function emptyDefinition(client: KubeClient, { spec }: Definition): Promise<void> {
  const resource: Resource = {
    group: spec.group,
    version: spec.versions.find((version) => version.storage)?.name ?? '',
    plural: spec.names.plural,
    kind: spec.names.kind,
    namespaced: spec.scope === 'Namespaced',
  };
  for (const { metadata } of (await client.list(resource)).items) {
    const where = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
    if ((metadata.finalizers ?? []).length > 0)
      await client.patch(resource, metadata.name, { type: 'merge', body: { metadata: { finalizers: null } } }, where);
    await client.delete(resource, metadata.name, where);
  }
}
