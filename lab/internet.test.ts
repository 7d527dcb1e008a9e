// From a Pod to the internet, with the real ip-masq-agent on its node: whose address is seen there (spec 004).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { objectNames } from '../src/api/keys.ts';
import { configMaps, pods, serviceAccounts, type Pod } from '../src/kube/resources.ts';
import { INTERNET_HOST, INTERNET_NETNS } from './fabric/internet.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { startLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const NAMESPACE = 'outward';
const addresses = z.object({
  AddressSet: z.array(z.object({ AddressId: z.string(), AddressIp: z.string().nullable(), AddressStatus: z.string() })),
});

describe.skipIf(!possible)(`the way of a Pod to the internet${why}`, { timeout: 90_000 }, () => {
  let lab: Lab;
  let pod: Pod;
  let podIp: string;

  beforeAll(async () => {
    lab = await startLab({ projectDir: PROJECT_DIR, nodes: 1, superNodes: 0, progress: () => undefined });
    await lab.createNamespace(NAMESPACE);
    await waitForObjects(lab.client, serviceAccounts, (all) => all.length > 0, {
      namespace: NAMESPACE,
      what: 'the default ServiceAccount',
    });
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: NAMESPACE, labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx' }], terminationGracePeriodSeconds: 1 },
    } as unknown as Pod;
    await lab.client.create(pods, object, { namespace: NAMESPACE });
    const [running] = await lab.runningPods(NAMESPACE, 'app=web', 1);
    if (running === undefined) throw new Error('no Pod runs');
    pod = running;
    podIp = pod.status?.podIP ?? '';
  }, 120_000);
  afterAll(async () => await lab?.close());

  /** What the host in the internet saw, or curl's exit code. */
  const seen = async (): Promise<string> => {
    const url = `http://${INTERNET_HOST}/`;
    const { code, stdout } = await lab.exec(pod, ['curl', '-s', '--noproxy', '*', '--connect-timeout', '1', url]);
    return code === 0 ? stdout.trim() : String(code);
  };
  const eventually = (address: string): Promise<void> => expect.poll(seen, { timeout: 30_000 }).toBe(address);
  const buy = async (): Promise<{ id: string; ip: string }> => {
    const bought = z
      .object({ AddressSet: z.array(z.string()) })
      .parse(await lab.cloud.call('vpc', 'AllocateAddresses', { AddressCount: 1 }));
    const id = bought.AddressSet[0] ?? '';
    const find = async () =>
      addresses.parse(await lab.cloud.call('vpc', 'DescribeAddresses', { AddressIds: [id] })).AddressSet[0];
    await expect.poll(async () => (await find())?.AddressStatus, { timeout: 30_000 }).toBe('UNBIND');
    return { id, ip: (await find())?.AddressIp ?? '' };
  };
  const exempt = async (...sources: readonly string[]): Promise<void> => {
    const config = JSON.stringify({ NonMasqueradeCIDRs: ['10.0.0.0/16'], NonMasqueradeSrcCIDRs: sources });
    const body = { data: { config } };
    await lab.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body }, { namespace: 'kube-system' });
  };

  it('goes by the node, past its own EIP, until its source is exempt from SNAT; and the EIP reaches it all the while', async () => {
    const [own, node] = [await buy(), await buy()];
    const { enis } = lab.simulator.snapshot();
    const podEni = enis.find(({ addresses: [, ...shared] }) => shared.includes(podIp));
    const nodeEni = enis.find(({ instanceId, kind }) => kind === 'primary' && instanceId === podEni?.instanceId);
    const bind = async (AddressId: string, NetworkInterfaceId?: string, PrivateIpAddress?: string): Promise<unknown> =>
      await lab.cloud.call('vpc', 'AssociateAddress', { AddressId, NetworkInterfaceId, PrivateIpAddress });
    await bind(own.id, podEni?.eniId, podIp);
    await bind(node.id, nodeEni?.eniId, nodeEni?.addresses[0]);
    await eventually(node.ip);
    const inbound = await lab.host.exec(['curl', '-s', '--connect-timeout', '2', `http://${own.ip}/`], {
      netns: INTERNET_NETNS,
    });
    expect(inbound.stdout).toContain('Welcome to nginx!');
    await exempt(`${podIp}/32`);
    await eventually(own.ip);
    await exempt();
    await eventually(node.ip);
  });
});
