// What ip-masq-agent's configuration does to Pods that nobody meant, on a running ipamd: on the nec and on the ConfigMap.
import { describe, it } from 'vitest';
import { annotations, objectNames } from '../api/keys.ts';
import { configMaps, daemonSets, pods } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { COVERS_OTHER_PODS, MASQUERADE } from './masquerade/controller.ts';
import { nec, nodeName } from './testing/shared-world.ts';
import { disposableWorld, type World } from './testing/world.ts';

const ONE = { instanceTypes: ['SA5.LARGE8'] } as const;
const system = { namespace: objectNames.systemNamespace };
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: objectNames.masqConfig } };
const data = (config: object) => ({ data: { config: JSON.stringify(config) } });

const install = async (world: World, config: object): Promise<void> => {
  await world.client.create(configMaps, { ...MAP, ...data(config) }, system);
  const labels = { name: objectNames.masq };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'masq', image: 'ip-masq-agent' }] } };
  const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: objectNames.masq } };
  const spec = { selector: { matchLabels: labels }, template };
  await world.client.create(daemonSets, { ...daemonSet, spec } as KubeObject, system);
};
const configure = async (world: World, config: object): Promise<void> => {
  await world.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body: data(config) }, system);
};

/** Of a network that none of ours serves, so that nobody else writes its address. */
const podAt = async (world: World, name: string, podIP: string, marks: Record<string, string> = {}): Promise<void> => {
  await world.createPod(name, { annotations: { [annotations.networks]: 'tke-bridge', ...marks } });
  const body = { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }] } };
  await world.client.patch(pods, name, { type: 'merge', body }, { namespace: 'default', subresource: 'status' });
};

const told = async (world: World, status: string, reason: string): Promise<string> => {
  const found = await nec(
    world,
    nodeName(world, 0),
    (each) =>
      each.status?.conditions?.some(
        (condition) => condition.type === MASQUERADE && condition.status === status && condition.reason === reason,
      ) === true,
    `${MASQUERADE} ${status} ${reason}`,
  );
  return found.status?.conditions?.find(({ type }) => type === MASQUERADE)?.message ?? '';
};

describe('the report on ip-masq-agent', { concurrent: true, timeout: 60_000 }, () => {
  it('names the Pods that a source covers without their having an EIP, until it covers them no more', async ({
    expect,
  }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    await world.nodesReady();
    await install(world, { NonMasqueradeSrcCIDRs: ['10.0.77.0/24'] });
    await podAt(world, 'web', '10.0.77.5');
    expect(await told(world, 'False', 'CoversOtherPods')).toContain(
      '10.0.77.0/24 covers a Pod without an EIP: default/web',
    );
    const [event] = await world.events(COVERS_OTHER_PODS);
    expect(event?.involvedObject.name).toBe(objectNames.masqConfig);
    expect(event?.message).toContain('default/web (10.0.77.5)');
    await configure(world, { NonMasqueradeSrcCIDRs: ['10.0.78.0/24'] });
    await told(world, 'True', 'InOrder');
  });

  it('says whether Pods with an EIP keep their address: masqueraded, exempt, or nobody there to change it', async ({
    expect,
  }) => {
    await using world = await disposableWorld(ONE);
    world.ipamd();
    await world.nodesReady();
    await install(world, {});
    await podAt(world, 'plain', '10.0.77.4');
    await podAt(world, 'game-0', '10.0.77.5', { [annotations.eipPublicIp]: '203.0.113.5' });
    expect(await told(world, 'False', 'EIPMasqueraded')).toContain('default/game-0 (10.0.77.5)');
    await configure(world, { NonMasqueradeEIPPods: true });
    await told(world, 'True', 'InOrder');
    await world.client.delete(daemonSets, objectNames.masq, system);
    await told(world, 'True', 'NotInstalled');
  });
});
