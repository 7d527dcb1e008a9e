// For tests: an API server with Pods on a node that the test plays.
import { startApiBench } from '../../../testing/api-bench.ts';
import type { ApiBench } from '../../../testing/api-bench.ts';
import { nodes } from '../../../../../src/kube/resources.ts';
import { labPods } from '../../../kubelet/pod-view.ts';
import type { FakeNode } from './fake-node.ts';

/**
 * Pods of namespace default: `web` (container web, on the played node), `two` (containers a and b, init container i), `nowhere` (not
 * scheduled), `lost` (its node does not exist), `away` (nobody serves its node).
 */
export async function startStreamBench(node: FakeNode): Promise<ApiBench> {
  const bench = await startApiBench({ nodeStreams: (name) => (name === 'played' ? node.streams : undefined) });
  const { client } = bench;
  for (const name of ['played', 'unserved'])
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const image = 'busybox';
  const web = { containers: [{ name: 'web', image }] };
  const pods = {
    web: { ...web, nodeName: 'played' },
    two: {
      nodeName: 'played',
      initContainers: [{ name: 'i', image }],
      containers: [
        { name: 'a', image },
        { name: 'b', image },
      ],
    },
    nowhere: web,
    lost: { ...web, nodeName: 'gone' },
    away: { ...web, nodeName: 'unserved' },
  };
  for (const [name, spec] of Object.entries(pods))
    await client.create(
      labPods,
      { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec },
      { namespace: 'default' },
    );
  return bench;
}
