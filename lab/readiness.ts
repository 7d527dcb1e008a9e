// When a lab is ready: our programs are available, and every general node tells how many Pods of each kind it takes.
import { objectNames, resourceNames, taints } from '../src/api/keys.ts';
import { type Node, nodes as nodeResource } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';
import { daemonSets, workloadDeployments } from './kube-resources.ts';
import { waitForObjects } from './wait.ts';

interface Counted {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly availableReplicas?: number;
    readonly numberReady?: number;
    readonly desiredNumberScheduled?: number;
  };
}

/** Throws, naming what is missing, when the programs do not get there within a minute each. */
export async function programsReady(client: KubeClient, nodeCount: number): Promise<void> {
  const counts = ({ metadata, status }: Counted): string =>
    `${metadata.name} ${status?.availableReplicas ?? status?.numberReady ?? 0}`;
  await waitForObjects(
    client,
    workloadDeployments,
    (all) =>
      all.length >= 2 && all.every((item) => (item.status?.availableReplicas ?? 0) >= (item.spec?.replicas ?? 1)),
    {
      what: 'the Deployments to be available',
      describe: (all) => all.map(counts).join(', '),
    },
  );
  await waitForObjects(
    client,
    daemonSets,
    (all) =>
      all.some(({ metadata, status }) => metadata.name === objectNames.agent && status?.numberReady === nodeCount),
    {
      what: `an agent on each of ${nodeCount} nodes`,
      describe: (all) => all.map(counts).join(', '),
    },
  );
}

/**
 * Waits until each of the nodes publishes every one of `resources` and has lost the taints that it was born with. Throws, naming what is
 * missing, after a minute.
 */
export async function nodesOffer(
  client: KubeClient,
  nodeNames: readonly string[],
  resources: readonly (typeof resourceNames)[keyof typeof resourceNames][],
): Promise<void> {
  await waitForObjects(
    client,
    nodeResource,
    (all) =>
      nodeNames.every((name) => {
        const node = all.find(({ metadata }) => metadata.name === name);
        const offered = node?.status?.allocatable ?? {};
        return (
          node !== undefined &&
          shutting(node).length === 0 &&
          resources.every((resource) => offered[resource] !== undefined)
        );
      }),
    {
      what: `${resources.join(' and ')} on ${nodeNames.join(', ')}`,
      describe: (all) =>
        all
          .map((node) =>
            [
              node.metadata.name,
              ...resources.map((resource) => node.status?.allocatable?.[resource] ?? 'unset'),
              ...shutting(node),
            ].join(' '),
          )
          .join(', '),
    },
  );
}

/** Taints that keep Pods out of a node that is only just coming: the one it was born with, and that of a kubelet that is not ready. */
const shutting = ({ spec }: Node): readonly string[] =>
  (spec?.taints ?? []).map(({ key }) => key).filter((key) => key === taints.eniIpUnavailable || key === NOT_READY);

const NOT_READY = 'node.kubernetes.io/not-ready';
