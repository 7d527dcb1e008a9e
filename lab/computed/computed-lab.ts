// The lab for machines that cannot carry packets: the same API, cloud, ipamd and webhook; nodes and Pods are computed.
import { join } from 'node:path';

import { namespaces, pods as podResource } from '../../src/kube/resources.ts';
import { startControlPlane } from '../control-plane.ts';
import { applyObject } from '../install.ts';
import type { Lab, LabOptions } from '../lab.ts';
import { loadYaml } from '../manifests.ts';
import { waitForObjects } from '../wait.ts';

export type ComputedLab = Pick<
  Lab,
  | 'client'
  | 'kubeconfig'
  | 'cloudAccess'
  | 'stateDir'
  | 'createNamespace'
  | 'deleteNamespace'
  | 'applyFile'
  | 'runningPods'
  | 'close'
> & {
  readonly host: undefined;
  readonly nodes: readonly { readonly name: string; readonly kind: string; readonly netns: undefined }[];
};

export async function startComputedLab(options: LabOptions): Promise<ComputedLab> {
  const plane = await startControlPlane({ ...options, nodes: options.nodes ?? 2 });
  const { client } = plane;
  return {
    client,
    kubeconfig: plane.kubeconfig,
    cloudAccess: plane.cloudAccess,
    stateDir: plane.stateDir,
    host: undefined,
    nodes: plane.nodeNames.map((name) => ({ name, kind: 'computed', netns: undefined })),
    createNamespace: async (name) => applyObject(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    deleteNamespace: async (name) => client.delete(namespaces, name),
    applyFile: async (file) => {
      for (const object of await loadYaml(join(options.projectDir, file))) await applyObject(client, object);
    },
    runningPods: async (namespace, labelSelector, count) =>
      waitForObjects(
        client,
        podResource,
        (all) => all.length === count && all.every((pod) => pod.status?.phase === 'Running'),
        { namespace, labelSelector, what: `${count} Pods of ${labelSelector} Running` },
      ),
    close: () => plane.close(),
  };
}
