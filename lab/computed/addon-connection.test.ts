// The cloud's add-on management on a running control plane: what UpdateAddon is sent over HTTP reaches the ConfigMap, and ipamd acts on it.
import { resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { objectNames, resourceNames } from '../../src/api/keys.ts';
import { configMaps, events, nodes } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { CloudClient } from '../cloud-client.ts';
import { createCloudClient } from '../cloud-client.ts';
import { encodeRawValues } from '../cloud/addons/raw-values.ts';
import { startControlPlane } from '../control-plane.ts';
import type { ControlPlane } from '../control-plane.ts';
import { chooseApi } from '../kube/cluster-api.ts';
import { resourceOf } from '../kube-resources.ts';
import { CLUSTER_ID, POD_SUBNET_IDS } from '../layout.ts';
import { waitForObjects } from '../wait.ts';

const SWITCH = 'vpcCni.trunkingEni.enableSubEni';
const clusterRoles = resourceOf({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: '' },
});

let plane: ControlPlane;
let cloud: CloudClient;
beforeAll(async () => {
  plane = await startControlPlane({
    projectDir: resolve(import.meta.dirname, '..', '..'),
    nodes: 1,
    taskMs: 0,
    progress: () => undefined,
    api: chooseApi(undefined, process.env),
  });
  cloud = createCloudClient(plane.cloudAccess);
});
afterAll(async () => {
  cloud?.close();
  await plane?.close();
});

const tke = (action: string, AddonName: string, body: object = {}): Promise<Record<string, unknown>> =>
  cloud.call('tke', action, { ClusterId: CLUSTER_ID, AddonName, ...body });
const update = (values: Record<string, unknown>, UpdateStrategy = 'merge'): Promise<unknown> =>
  tke('UpdateAddon', 'eniipamd', { RawValues: encodeRawValues(values), UpdateStrategy });
const trunking = (enableSubEni: boolean): Record<string, unknown> => ({ vpcCni: { trunkingEni: { enableSubEni } } });

/** Waits until the ConfigMap's data is as wanted. */
async function configured(
  wanted: (data: Readonly<Record<string, string>>) => boolean,
): Promise<Record<string, string>> {
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  const dataOf = (objects: readonly KubeObject[]): Record<string, string> =>
    (objects[0] as { data?: Record<string, string> } | undefined)?.data ?? {};
  const found = await waitForObjects(plane.client, configMaps, (all) => wanted(dataOf(all)), {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    what: 'the add-on values',
    timeoutMs: 15_000,
    describe: (all) => JSON.stringify(dataOf(all)),
  });
  return dataOf(found);
}

/** Waits until the node takes so many sub-ENI Pods. */
async function published(quota: (value: string | undefined) => boolean): Promise<void> {
  await waitForObjects(
    plane.client,
    nodes,
    (all) => all.every((node) => quota(node.status?.allocatable?.[resourceNames.subEni])),
    {
      what: `${resourceNames.subEni} on the node`,
      timeoutMs: 15_000,
    },
  );
}

/** Waits until so many roles of the component are there. */
async function roles(count: number): Promise<void> {
  const own = (objects: readonly KubeObject[]): number =>
    objects.filter((role) => role.metadata.name.startsWith('securitygrouppolicy-')).length;
  await waitForObjects(plane.client, clusterRoles, (all) => own(all) === count, {
    what: `${count} roles of securitygrouppolicy`,
    timeoutMs: 15_000,
  });
}

describe('AddVpcCniSubnets', () => {
  it('reaches the ConfigMap after the subnets that the lab starts with, and DescribeIPAMD tells them all', async () => {
    const before = (await configured(() => true))['subnetIds'] ?? '';
    expect(before.split(',')).toEqual([...POD_SUBNET_IDS]);
    plane.cloud.admin.createSubnet({
      subnetId: 'subnet-added001',
      vpcId: 'vpc-lab00001',
      cidr: '10.0.200.0/24',
      zone: 'ap-guangzhou-3',
    });
    await cloud.call('tke', 'AddVpcCniSubnets', { ClusterId: CLUSTER_ID, SubnetIds: ['subnet-added001'] });
    await configured((data) => data['subnetIds'] === `${before},subnet-added001`);
    expect(await cloud.call('tke', 'DescribeIPAMD', { ClusterId: CLUSTER_ID })).toMatchObject({
      SubnetIds: [...POD_SUBNET_IDS, 'subnet-added001'],
    });
  });
});

describe('EnableVpcCniNetworkType', () => {
  it('carries the expiry of kept addresses into the ConfigMap, and the network that goes takes it along', async () => {
    const before = await configured(() => true);
    const network = {
      ClusterId: CLUSTER_ID,
      VpcCniType: 'tke-route-eni',
      EnableStaticIp: true,
      Subnets: [...POD_SUBNET_IDS],
    };
    await cloud.call('tke', 'DisableVpcCniNetworkType', { ClusterId: CLUSTER_ID });
    await cloud.call('tke', 'EnableVpcCniNetworkType', { ...network, ExpiredSeconds: 600 });
    await configured((data) => data['vpcCni.claimExpiredSeconds'] === '600' && data[SWITCH] !== undefined);
    await cloud.call('tke', 'DisableVpcCniNetworkType', { ClusterId: CLUSTER_ID });
    await configured((data) => data['vpcCni.claimExpiredSeconds'] === undefined);
    await cloud.call('tke', 'EnableVpcCniNetworkType', network);
    await update(trunking(true));
    const after = await configured((data) => data[SWITCH] === 'true');
    expect(after).toMatchObject({ ...before, subnetIds: POD_SUBNET_IDS.join(',') });
    expect(after).not.toHaveProperty(['vpcCni.claimExpiredSeconds']);
  });
});

describe('UpdateAddon of eniipamd', () => {
  it('finds the values that the lab starts with', async () => {
    const { Values } = await tke('DescribeAddonValues', 'eniipamd');
    expect(JSON.parse(z.string().parse(Values))).toMatchObject(trunking(true));
    expect(await configured(() => true)).toMatchObject({ [SWITCH]: 'true', clusterId: CLUSTER_ID });
  });

  it('switches Trunking off and on: the ConfigMap changes, and ipamd publishes what the node takes', async () => {
    await update(trunking(false));
    await configured((data) => data[SWITCH] === 'false');
    await published((value) => value === '0');
    await update(trunking(true));
    const data = await configured((each) => each[SWITCH] === 'true');
    await published((value) => Number(value) > 0);
    // What belongs to the cluster and not to the add-on stays.
    expect(data).toMatchObject({ clusterId: CLUSTER_ID, region: 'ap-guangzhou' });
  });

  it('with replace takes back what is not given any more', async () => {
    await update({ vpcCni: { trunkingEni: { podSecurityGroupEnforcingMode: 'strict' } } });
    await configured((data) => data['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'] === 'strict');
    await update(trunking(true), 'replace');
    await configured((data) => data['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'] === 'standard');
  });

  it('with a value that ipamd does not accept is refused by ipamd, by name, and the former values stay in force', async () => {
    await update({ vpcCni: { trunkingEni: { podSecurityGroupEnforcingMode: 'stricter' } } });
    await waitForObjects(
      plane.client,
      events,
      (all) =>
        all.some((event) =>
          /podSecurityGroupEnforcingMode.*stricter/.test((event as { message?: string }).message ?? ''),
        ),
      { what: 'an event that names the value', timeoutMs: 15_000 },
    );
    await published((value) => Number(value) > 0);
    await update(trunking(true), 'replace');
    await configured((data) => data['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'] === 'standard');
  });

  it('is left out of clusters that the account has beside this one', async () => {
    plane.cloud.admin.registerCluster({ clusterId: 'cls-other001', vpcId: 'vpc-lab00001', name: 'other' });
    const RawValues = encodeRawValues(trunking(false));
    await cloud.call('tke', 'UpdateAddon', { ClusterId: 'cls-other001', AddonName: 'eniipamd', RawValues });
    // Changes come in order, so what came before this one would be there by now.
    await tke('DeleteAddon', 'securitygrouppolicy');
    await roles(0);
    expect(await configured(() => true)).toMatchObject({ [SWITCH]: 'true' });
    await tke('InstallAddon', 'securitygrouppolicy');
    await roles(2);
  });
});

describe('securitygrouppolicy', () => {
  it('is installed in the lab; deleted and installed, its roles go and come, and the kind stays', async () => {
    expect(await tke('DescribeAddon', 'securitygrouppolicy')).toMatchObject({ Addons: [{ Phase: 'Succeeded' }] });
    await tke('DeleteAddon', 'securitygrouppolicy');
    await roles(0);
    const crd = resourceOf({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: '' },
    });
    const { items } = await plane.client.list(crd);
    expect(items.map((item) => item.metadata.name)).toContain(
      'securitygrouppolicies.vpcresources.tke.cloud.tencent.com',
    );
    await tke('InstallAddon', 'securitygrouppolicy');
    await roles(2);
  });
});
