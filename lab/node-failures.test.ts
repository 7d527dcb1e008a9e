// Nodes of a lab that fail, and what becomes of their Pods.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { nodes } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/resources.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { services } from './kube/controllers/views.ts';
import { startLab } from './lab.ts';
import type { Lab } from './lab.ts';
import type { LabNode } from './nodes.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const NAMESPACE = 'my-namespace';
const TIMED_OUT = 28;

describe.skipIf(!possible)(`a node of the lab${why}`, { timeout: 60_000 }, () => {
  let lab: Lab;
  let web: Pod;
  let node: LabNode;
  let other: LabNode;

  beforeAll(async () => {
    lab = await startLab({
      projectDir: PROJECT_DIR,
      nodes: 1,
      nativeNodes: 1,
      superNodes: 0,
      progress: () => undefined,
    });
    await lab.createNamespace(NAMESPACE);
    for (const file of ['policy', 'nginx']) await lab.applyFile(`examples/pod-security-groups-trunk/${file}.yaml`);
    const [pod] = await lab.runningPods(NAMESPACE, 'app=my-app', 1);
    const home = lab.nodes.find(({ name }) => name === pod?.spec.nodeName);
    const away = lab.nodes.find(({ name, kind }) => kind === 'general' && name !== home?.name);
    if (pod === undefined || home === undefined || away === undefined) throw new Error('no Pod on a general node');
    [web, node, other] = [pod, home, away];
  }, 60_000);
  afterAll(async () => await lab?.close());

  const curl = async (...options: string[]): Promise<number> => {
    const argv = ['curl', '-s', '-o', '/dev/null', ...options, `http://${web.status?.podIP}/`];
    return (await lab.host.exec(argv, other.netns === undefined ? {} : { netns: other.netns })).code;
  };
  const restarts = (pod: Pod): number =>
    (pod.status?.containerStatuses as readonly { restartCount: number }[] | undefined)?.[0]?.restartCount ?? 0;
  const leaseTimeOf = async (name: string): Promise<string> => {
    const lease = await lab.client.request(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`,
    );
    return (lease as { spec: { renewTime: string } }).spec.renewTime;
  };

  const addService = async (name: string): Promise<void> => {
    const spec = { selector: { app: 'my-app' }, ports: [{ port: 80 }] };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NAMESPACE }, spec };
    await lab.client.create(services, service, { namespace: NAMESPACE });
  };
  const rulesOf = async ({ netns = '' }: LabNode): Promise<string> =>
    (await lab.host.exec(['nft', 'list', 'table', 'ip', 'kube-proxy'], { netns })).stdout;
  const untilRules = async (of: LabNode, name: string): Promise<void> =>
    await expect.poll(() => rulesOf(of), { timeout: 20_000, interval: 50 }).toContain(`${NAMESPACE}/${name}`);

  it('shows which of two general nodes is native', async () => {
    const { items } = await lab.client.list(nodes, { labelSelector: 'node.tke.cloud.tencent.com/machineset' });
    expect(items.map(({ metadata }) => metadata.labels?.['node.tke.cloud.tencent.com/machineset'])).toEqual([
      'np-lab00001',
    ]);
  });

  it('sends and receives nothing while it is cut off', async () => {
    await node.act('cut');
    expect(await curl('-m', '1')).toBe(TIMED_OUT);
    await node.act('recover');
    expect(await curl('-m', '5')).toBe(0);
  });

  it('tells the API nothing while it is frozen, and its Pods go on', async () => {
    const before = await leaseTimeOf(node.name);
    await node.act('freeze');
    expect(await curl('-m', '5')).toBe(0);
    expect(await leaseTimeOf(node.name)).toBe(before);
    await expect(node.act('stop')).rejects.toThrow('recover it first');
    await node.act('recover');
  });

  it.each(['cut', 'freeze'] as const)('hears of no Service after %s until it recovers', async (action) => {
    await node.act(action);
    // Once the second is known elsewhere, the first had its time here.
    for (const name of [`first-${action}`, `second-${action}`]) {
      await addService(name);
      await untilRules(other, name);
    }
    expect(await rulesOf(node)).toContain('table ip kube-proxy');
    expect(await rulesOf(node)).not.toContain(`first-${action}`);
    await node.act('recover');
    await untilRules(node, `first-${action}`);
  });

  it('comes back after it was stopped, with the same Pods in new sandboxes', async () => {
    const uid = web.metadata.uid;
    await node.act('stop');
    const instances = (await lab.cloud.call('cvm', 'DescribeInstances', {
      InstanceIds: [node.instanceId ?? ''],
    })) as { InstanceSet: { InstanceState: string }[] };
    expect(instances.InstanceSet[0]?.InstanceState).toBe('STOPPED');
    await node.act('recover');
    const [back] = await waitForObjects(
      lab.client,
      { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
      ([pod]) => pod !== undefined && restarts(pod as Pod) === 1,
      { namespace: NAMESPACE, labelSelector: 'app=my-app', what: 'the Pod to run again' },
    );
    expect(back?.metadata.uid).toBe(uid);
    expect((back as Pod).status?.containerStatuses?.[0]).toMatchObject({
      lastState: { terminated: { exitCode: 255, reason: 'Unknown' } },
    });
    expect(await curl('-m', '5', '--retry', '20', '--retry-delay', '1', '--retry-all-errors')).toBe(0);
  });

  it('never comes back once it is lost', async () => {
    const before = (await lab.host.exec(['ip', 'netns', 'list'])).stdout;
    await node.act('lose');
    await expect(node.act('recover')).rejects.toThrow('is lost');
    const after = (await lab.host.exec(['ip', 'netns', 'list'])).stdout;
    expect(before).toContain(node.netns);
    expect(after).not.toContain(node.netns);
  });

  it('cannot be turned off where it is no machine', async () => {
    const control = lab.nodes.find(({ kind }) => kind === 'control-plane');
    await expect(control?.act('stop')).rejects.toThrow(
      "is the user's own machine: only general and native nodes can stop",
    );
  });
});
