// The limits of strict routing on a running ipamd: told on the node's nec and to each Pod, before they bite.
import { describe, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { fieldManagers, labels, objectNames } from '../api/keys.ts';
import { nodeEniConfigs, type RoutingStatus } from '../api/node-eni-config.ts';
import { applyStatus } from '../kube/apply.ts';
import { configMaps, daemonSets, events, networkPolicies, services } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { STRICT_ROUTING } from './strict-limits/node-controller.ts';
import { STRICT_ROUTING_LIMIT } from './strict-limits/pod-controller.ts';
import { nec, nodeName } from './testing/shared-world.ts';
import { disposableWorld, isReady, type World } from './testing/world.ts';

const MODE = 'vpcCni.trunkingEni.podSecurityGroupEnforcingMode';
const ONE = { instanceTypes: ['SA5.LARGE8'] } as const;
const system = { namespace: objectNames.systemNamespace };
const fit: RoutingStatus = {
  strict: false,
  tcpEarlyDemux: false,
  udpEarlyDemux: false,
  ipvs: false,
  nodeLocalDNS: false,
};

/** What the agent of the first node tells. */
const tell = (world: World, routing: RoutingStatus): Promise<KubeObject> =>
  applyStatus(world.client, nodeEniConfigs, nodeName(world, 0), {
    fieldManager: fieldManagers.agent,
    status: { node: { linkDriver: 'veth', ready: true, routing } },
  });

const conditionIs = (world: World, status: string, reason: string) =>
  nec(
    world,
    nodeName(world, 0),
    (each) =>
      each.status?.conditions?.some(
        (condition) => condition.type === STRICT_ROUTING && condition.status === status && condition.reason === reason,
      ) === true,
    `${STRICT_ROUTING} ${status} ${reason}`,
  );

/** The texts of the Events on a Pod, once there are `count`. */
const toldTo = async (world: World, pod: string, count: number): Promise<readonly string[]> => {
  const texts = (all: readonly KubeObject[]): string[] =>
    (all as unknown as { reason: string; message: string; involvedObject: { name: string } }[])
      .filter(({ reason, involvedObject }) => reason === STRICT_ROUTING_LIMIT && involvedObject.name === pod)
      .map(({ message }) => message);
  const all = await waitForObjects(world.client, events, (items) => texts(items).length >= count, {
    what: `${count} limits told to ${pod}`,
    timeoutMs: 30_000,
    describe: (items) => texts(items).join('\n'),
  });
  return texts(all);
};

const selecting = (pod: string) => ({ [labels.podName]: pod });

describe('the limits of strict routing', { concurrent: true, timeout: 60_000 }, () => {
  it('of the kernel are on the nec as soon as routing is strict, and nothing is written before', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    await world.nodesReady();
    await tell(world, { ...fit, tcpEarlyDemux: true });
    await world.setValues({ [MODE]: 'strict' });
    const found = await conditionIs(world, 'False', 'EarlyDemux');
    const told = found.status?.conditions?.find(({ type }) => type === STRICT_ROUTING);
    expect(told?.message).toContain('set agent.config.disableTcpEarlyDemux to true');
    await tell(world, fit);
    await conditionIs(world, 'True', 'NodeFit');
    await world.setValues({ [MODE]: 'standard' });
    await conditionIs(world, 'Unknown', 'NotInUse');
    await tell(world, { ...fit, strict: true, message: 'the rule stands at 0' });
    await conditionIs(world, 'False', 'LocalRule');
  });

  it('that a Pod meets are told to it, each once, whoever comes first', async ({ expect }) => {
    await using world = await disposableWorld({ ...ONE, values: { [MODE]: 'strict' } });
    world.ipamd();
    await world.nodesReady();
    await tell(world, { ...fit, ipvs: true });
    const where = { namespace: 'default' };
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'all' } };
    await world.client.create(networkPolicies, { ...policy, spec: { podSelector: {} } }, where);
    await world.createPod('web');
    await world.subEniObjects((enis) => enis.some(isReady), 'its sub-ENI');
    const first = await toldTo(world, 'web', 2);
    expect(first.toSorted()).toEqual([
      expect.stringMatching(/^IPVS: the service proxy of node .* works with IPVS/),
      expect.stringMatching(/^NetworkPolicy: NetworkPolicy default\/all: .*; say the same with rules/),
    ]);

    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'outside' } };
    const spec = {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      selector: selecting('web'),
      ports: [{ port: 80 }],
    };
    await world.client.create(services, { ...service, spec }, where);
    expect(await toldTo(world, 'web', 3)).toContainEqual(
      expect.stringMatching(/^ExternalTrafficPolicyLocal: Service default\/outside: /),
    );

    const config = JSON.stringify({ NonMasqueradeCIDRs: ['10.0.0.0/16'] });
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: objectNames.masqConfig } };
    await world.client.create(configMaps, { ...map, data: { config } }, system);
    const template = {
      metadata: { labels: { name: objectNames.masq } },
      spec: { containers: [{ name: 'masq', image: 'ip-masq-agent' }] },
    };
    const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: objectNames.masq } };
    await world.client.create(
      daemonSets,
      { ...daemonSet, spec: { selector: { matchLabels: { name: objectNames.masq } }, template } } as KubeObject,
      system,
    );
    const all = await toldTo(world, 'web', 4);
    expect(all).toContainEqual(
      expect.stringMatching(/^SNAT: SNAT applies to what Pod address 10\.\S+ sends anywhere but 10\.0\.0\.0\/16/),
    );
    expect(new Set(all).size).toBe(4);
  });

  it('do not concern Pods with standard routing', async ({ expect }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    await world.nodesReady();
    await tell(world, { ...fit, ipvs: true });
    await world.createPod('standard');
    await world.subEniObjects((enis) => enis.some(isReady), 'its sub-ENI');
    await world.setValues({ [MODE]: 'strict' });
    await conditionIs(world, 'False', 'IPVS');
    await world.createPod('strict');
    const limits = await toldTo(world, 'strict', 1);
    expect(limits).toHaveLength(1);
    expect(await toldTo(world, 'standard', 0)).toEqual([]);
  });
});
