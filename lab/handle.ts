// What tests, stories and commands do with a lab that runs, beside its Kubernetes API and its cloud.
import { join } from 'node:path';
import { securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { namespaces, nodes as nodeResource, type Pod, pods as podResource } from '../src/kube/resources.ts';
import { applyObject } from './install.ts';
import type { Lab } from './lab.ts';
import { loadYaml } from './manifests.ts';
import type { LabNode } from './nodes.ts';
import { programLog } from './program-log.ts';
import { waitForObjects } from './wait.ts';

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;

export interface HandleParts
  extends Pick<
    Lab,
    'client' | 'kubeconfig' | 'cloud' | 'cloudAccess' | 'simulator' | 'host' | 'nodes' | 'stateDir' | 'addNode'
  > {
  readonly projectDir: string;
  readonly stack: AsyncDisposableStack;
  /** Filled as they are made. */
  readonly namespacesMade: Set<string>;
}

/** Its `close` ends the whole lab. */
export function createHandle({ projectDir, stack, namespacesMade, ...parts }: HandleParts): Lab {
  const { client, nodes } = parts;
  const kubeletOf = (pod: Pod): LabNode => {
    const node = nodes.find((candidate) => candidate.name === pod.spec.nodeName);
    if (node === undefined)
      throw new Error(
        `Pod ${pod.metadata.namespace}/${pod.metadata.name} is on no node of this lab (node "${pod.spec.nodeName ?? ''}")`,
      );
    return node;
  };
  return {
    ...parts,
    removeNode: async (name) => {
      const node = nodes.find((candidate) => candidate.name === name);
      if (node === undefined) throw new Error(`no node "${name}"; nodes: ${nodes.map((each) => each.name).join(', ')}`);
      await node.act('lose');
      await client.delete(nodeResource, name);
    },
    createNamespace: async (name) => {
      await applyObject(client, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      namespacesMade.add(name);
    },
    deleteNamespace: async (name) => {
      await client.delete(namespaces, name);
      await waitForObjects(client, namespaces, (all) => !all.some((namespace) => namespace.metadata.name === name), {
        what: `namespace ${name} to go`,
      });
    },
    applyFile: async (file) => {
      for (const object of await loadYaml(join(projectDir, file))) await applyObject(client, object);
    },
    setPolicyGroups: async (namespace, name, groupIds) => {
      await client.patch(
        securityGroupPolicies,
        name,
        { type: 'merge', body: { spec: { securityGroups: { groupIds } } } },
        { namespace },
      );
    },
    runningPods: async (namespace, labelSelector, count) =>
      waitForObjects(
        client,
        podResource,
        (all) =>
          all.length === count &&
          all.every(
            (pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase === 'Running' && isReady(pod),
          ),
        {
          namespace,
          labelSelector,
          what: `${count} Pods of ${labelSelector} Running`,
          describe: (all) =>
            all.map((pod) => `${pod.metadata.name} ${pod.status?.phase ?? 'unknown'}`).join(', ') || 'no Pod',
        },
      ),
    exec: async (pod, argv) => kubeletOf(pod).kubelet.exec(pod, pod.spec.containers[0]?.name ?? '', argv),
    killProgram: async (app, signal) => {
      const { items } = await client.list(podResource, { labelSelector: `k8s-app=${app}` });
      if (items.length === 0) throw new Error(`no Pod with label k8s-app=${app}`);
      for (const pod of items) await kubeletOf(pod).kubelet.signal(pod, pod.spec.containers[0]?.name ?? '', signal);
    },
    programLog: async (app) => {
      const { items } = await client.list(podResource, { labelSelector: `k8s-app=${app}` });
      const running = items.find((pod) => pod.metadata.deletionTimestamp === undefined);
      const container = running?.spec.containers[0];
      if (running === undefined || container === undefined) throw new Error(`no Pod with label k8s-app=${app}`);
      const { namespace = 'default', name, uid = '' } = running.metadata;
      const target = { namespace, pod: name, uid, container: container.name };
      return programLog(kubeletOf(running).kubelet.streams, target);
    },
    close: () => stack.disposeAsync(),
  };
}
