// From a Pod to the internet, with the real ip-masq-agent on its node: whose address is seen there (spec 004).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { objectNames } from '../src/api/keys.ts';
import { type SecurityGroupPolicy, securityGroupPolicies } from '../src/api/security-group-policy.ts';
import { configMaps, daemonSets, pods, serviceAccounts, type Pod } from '../src/kube/resources.ts';
import type { KubeObject } from '../src/kube/types.ts';
import { INTERNET_HOST, INTERNET_NETNS } from './fabric/internet.ts';
import { probeHost } from './host/probe.ts';
import { packetsPossible, PROJECT_DIR } from './host/testing/test-host.ts';
import { applyObject } from './install.ts';
import { startLab } from './lab.ts';
import type { Lab } from './lab.ts';
import { CLIENT_GROUP } from './layout.ts';
import { waitForObjects } from './wait.ts';

const { possible, why } = packetsPossible(probeHost());
const NAMESPACE = 'outward';
/** curl's exit code. */
const TIMED_OUT = 28;
const isAccepted = (policy: SecurityGroupPolicy | undefined): boolean =>
  policy?.status?.conditions?.some(({ type, status }) => type === 'Accepted' && status === 'True') === true;
const addresses = z.object({
  AddressSet: z.array(z.object({ AddressId: z.string(), AddressIp: z.string().nullable(), AddressStatus: z.string() })),
});

describe.skipIf(!possible)(`the way of a Pod to the internet${why}`, { timeout: 90_000 }, () => {
  let lab: Lab;
  let pod: Pod;
  let podIp: string;

  beforeAll(async () => {
    lab = await startLab({
      projectDir: PROJECT_DIR,
      nodes: 1,
      superNodes: 0,
      instanceType: 'SA5.4XLARGE32',
      progress: () => undefined,
    });
    await lab.createNamespace(NAMESPACE);
    await waitForObjects(lab.client, serviceAccounts, (all) => all.length > 0, {
      namespace: NAMESPACE,
      what: 'the default ServiceAccount',
    });
    pod = await podOf('web');
    podIp = pod.status?.podIP ?? '';
  }, 120_000);
  afterAll(async () => await lab?.close());

  /** Of this name and label; those with the label of a policy have a sub-ENI. */
  const podOf = async (app: string): Promise<Pod> => {
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: app, namespace: NAMESPACE, labels: { app } },
      spec: { containers: [{ name: 'c', image: 'nginx' }], terminationGracePeriodSeconds: 1 },
    } as unknown as Pod;
    await lab.client.create(pods, object, { namespace: NAMESPACE });
    const [running] = await lab.runningPods(NAMESPACE, `app=${app}`, 1);
    if (running === undefined) throw new Error('no Pod runs');
    return running;
  };
  /** What the host in the internet saw, or curl's exit code. */
  const seen = async (from: Pod = pod): Promise<string> => {
    const url = `http://${INTERNET_HOST}/`;
    const { code, stdout } = await lab.exec(from, ['curl', '-s', '--noproxy', '*', '--connect-timeout', '1', url]);
    return code === 0 ? stdout.trim() : String(code);
  };
  const eventually = (address: string, from?: Pod): Promise<void> =>
    expect.poll(() => seen(from), { timeout: 30_000 }).toBe(address);
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
  const exempt = (...sources: readonly string[]): Promise<void> => configure({ NonMasqueradeSrcCIDRs: sources });
  const configure = async (change: object): Promise<void> => {
    const config = JSON.stringify({ NonMasqueradeCIDRs: ['10.0.0.0/16'], ...change });
    const body = { data: { config } };
    await lab.client.patch(configMaps, objectNames.masqConfig, { type: 'merge', body }, { namespace: 'kube-system' });
  };

  const bind = async (AddressId: string, NetworkInterfaceId?: string, PrivateIpAddress?: string): Promise<unknown> =>
    await lab.cloud.call('vpc', 'AssociateAddress', { AddressId, NetworkInterfaceId, PrivateIpAddress });
  /** An EIP for the address of its sub-ENI. */
  const withEip = async (own: Pod): Promise<string> => {
    const ip = own.status?.podIP ?? '';
    const eni = lab.simulator.snapshot().enis.find(({ kind, addresses: all }) => kind === 'sub' && all.includes(ip));
    const bought = await buy();
    await bind(bought.id, eni?.eniId, ip);
    return bought.ip;
  };

  it('goes by the node, past its own EIP, until its source is exempt from SNAT; and the EIP reaches it all the while', async () => {
    const [own, node] = [await buy(), await buy()];
    const { enis } = lab.simulator.snapshot();
    const podEni = enis.find(({ addresses: [, ...shared] }) => shared.includes(podIp));
    const nodeEni = enis.find(({ instanceId, kind }) => kind === 'primary' && instanceId === podEni?.instanceId);
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

  it('of a Pod with a sub-ENI follows the same lists; a strict one must be exempt; and without ip-masq-agent all keep their address', async () => {
    await applyObject(lab.client, {
      apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
      kind: 'SecurityGroupPolicy',
      metadata: { name: 'own', namespace: NAMESPACE },
      spec: {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['standard', 'strict'] }] },
        securityGroups: { groupIds: [CLIENT_GROUP.securityGroupId] },
      },
    } as KubeObject);
    await waitForObjects(lab.client, securityGroupPolicies, ([policy]) => isAccepted(policy), {
      namespace: NAMESPACE,
      what: 'the policy accepted',
    });
    const standard = await podOf('standard');
    const strictly = { data: { 'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': 'strict' } };
    const system = { namespace: objectNames.systemNamespace };
    await lab.client.patch(configMaps, objectNames.addonValues, { type: 'merge', body: strictly }, system);
    const strict = await podOf('strict');
    const node = await seen();
    await exempt();
    const [eip, strictEip] = [await withEip(standard), await withEip(strict)];
    await eventually(node, standard);
    await eventually(String(TIMED_OUT), strict);
    await exempt(`${standard.status?.podIP}/32`);
    await eventually(eip, standard);
    await configure({ NonMasqueradeStrictPods: true });
    await eventually(strictEip, strict);
    await eventually(node, standard);
    await configure({});
    await eventually(String(TIMED_OUT), strict);
    await lab.client.delete(daemonSets, objectNames.masq, system);
    await eventually(strictEip, strict);
    await eventually(eip, standard);
  });
});
