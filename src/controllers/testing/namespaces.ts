// For tests: a namespace of its own for marked Pods, and the part of its end that Kubernetes' own controller plays.
import { annotations, finalizers, labels, networks } from '../../api/keys.ts';
import { namespaces, type Namespace, type Pod, pods, serviceAccounts } from '../../kube/resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/types.ts';
import { waitForObjects } from '../../../lab/wait.ts';
import type { World } from './world.ts';

export interface PlayedNamespace {
  createPods(...names: readonly string[]): Promise<readonly Pod[]>;
  /** An ordinary Pod on the first node. */
  createOrdinaryPod(name: string): Promise<Pod>;
  /** Marks it and its Pods as deleted. */
  delete(): Promise<void>;
  /** Ends its Pods as kubelets do, then lets Kubernetes' own part of it go. */
  empty(): Promise<void>;
  /** Waits until the namespace, undefined once it is gone, is as wished. */
  until(done: (namespace: Namespace | undefined) => boolean, what: string): Promise<Namespace | undefined>;
}

/** As if a policy had been there: its Pods are marked by hand. */
const marked = { [labels.securityGroupPolicy]: '' };

export const isOurs = (namespace: Namespace | undefined): boolean =>
  namespace?.metadata.finalizers?.includes(finalizers.namespace) ?? false;

export async function playNamespace(world: World, name: string): Promise<PlayedNamespace> {
  const { client } = world;
  const marks = { [annotations.networks]: networks.subEni, [annotations.securityGroupId]: world.group };
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: marked } });
  // Pods need it, and the embedded API has no controller that makes it.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } };
  await client.create(serviceAccounts, account).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
  const until: PlayedNamespace['until'] = async (done, what) => {
    const named = (all: readonly Namespace[]): Namespace | undefined => all.find((each) => each.metadata.name === name);
    return named(await waitForObjects(client, namespaces, (all) => done(named(all)), { what, timeoutMs: 45_000 }));
  };
  return {
    until,
    createPods: (...names) =>
      Promise.all(
        names.map((pod, index) =>
          client.create(pods, podObject(name, pod, world.nodeNames[index % world.nodeNames.length] ?? '', marks)),
        ),
      ),
    createOrdinaryPod: (pod) => client.create(pods, podObject(name, pod, world.nodeNames[0] ?? '', {})),
    delete: () => client.delete(namespaces, name),
    empty: async () => {
      for (const { metadata } of (await client.list(pods, { namespace: name })).items)
        await client.delete(pods, metadata.name, { namespace: name, gracePeriodSeconds: 0 });
      await finalize(client, name);
    },
  };
}

/** As Kubernetes' controller does it: again on what somebody else wrote meanwhile. */
async function finalize(client: KubeClient, name: string): Promise<void> {
  try {
    const found = await client.get(namespaces, name);
    await client.replace(namespaces, { ...found, spec: {} } as Namespace, { subresource: 'finalize' });
  } catch (error) {
    if (isNotFound(error)) return;
    if (!isConflict(error)) throw error;
    await finalize(client, name);
  }
}

function podObject(namespace: string, name: string, nodeName: string, marks: Record<string, string>): Pod {
  const spec = {
    nodeName,
    // Old servers would have the Pod wait for the Secret of one.
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: 'sample' }],
  };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations: marks }, spec };
}
