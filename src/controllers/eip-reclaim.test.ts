// How EIPs are given back, by expiry, by hand, with their workload or namespace, and how they follow a Pod (spec 004).
import { describe, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { type EipClaim, eipClaims } from '../api/eip-claim.ts';
import { annotations, labels, networks, objectNames, SUPER_NODE_INSTANCE_TYPE } from '../api/keys.ts';
import { configMaps, deployments, nodes, pods } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import {
  boundClaim,
  CREATE,
  eipcOf,
  eipcs,
  eipPod,
  type EipWorld,
  eipWorld,
  KEEP,
  shownOn,
  verdictOf,
} from './testing/eip-world.ts';
import { playNamespace } from './testing/namespaces.ts';
import { nodeName, running } from './testing/shared-world.ts';

const HOUR = 3_600_000;

async function nothingLeft(world: EipWorld): Promise<void> {
  await eipcs(world, (all) => all.length === 0, 'no claim left');
  const left = await world.eips();
  if (left.length > 0) throw new Error(`EIPs left: ${JSON.stringify(left)}`);
}

const keptForMs = ({ status }: EipClaim): number =>
  Date.parse(status?.releaseAt ?? '') - Date.parse(status?.unboundSince ?? '');

describe('a kept EIP', { concurrent: true, timeout: 90_000 }, () => {
  it('is released at an absolute time, also when ipamd was not there meanwhile', async ({ expect }) => {
    await using world = await eipWorld({ instanceTypes: ['SA5.4XLARGE32'] });
    const flags = { claimExpiredMs: 4_000 };
    const ipamd = world.ipamd({ flags });
    await eipPod(world, 'db-0', { marks: KEEP });
    await eipPod(world, 'db-1', { marks: { ...KEEP, [annotations.claimExpiredDuration]: '2h' } });
    await boundClaim(world, 'db-0');
    await boundClaim(world, 'db-1');
    await Promise.all(['db-0', 'db-1'].map((name) => world.deletePod(name)));
    const unbound = ({ status }: EipClaim): boolean => status?.phase === 'Unbound';
    const kept = await eipcOf(world, 'db-0', unbound, 'kept');
    expect(keptForMs(kept)).toBe(4_000);
    await ipamd.stop();
    world.ipamd({ flags });
    const [other] = await eipcs(world, (all) => all.length === 1 && all.every(unbound), 'the first one released');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(kept.status?.releaseAt ?? ''));
    expect(other === undefined ? 0 : keptForMs(other)).toBe(2 * HOUR);
    expect((await world.eips()).map(({ eipId }) => eipId)).toEqual([other?.status?.eipID]);
  });

  it('counts its time from now on when that cannot be read any more', async ({ expect }) => {
    await using world = await eipWorld({ values: { 'vpcCni.claimExpiredDuration': '2h' } });
    world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    await boundClaim(world, 'db-0');
    await world.deletePod('db-0');
    const { status: kept } = await eipcOf(world, 'db-0', ({ status }) => status?.phase === 'Unbound', 'kept');
    const editedAt = Date.now();
    const status = { unboundSince: 'yesterday', releaseAt: 'soon' };
    const options = { namespace: 'default', subresource: 'status' } as const;
    await world.client.patch(eipClaims, 'db-0', { type: 'merge', body: { status } }, options);
    const isRead = ({ status: now }: EipClaim): boolean => !Number.isNaN(Date.parse(now?.releaseAt ?? ''));
    const mended = await eipcOf(world, 'db-0', isRead, 'a time again');
    expect(mended.status?.eipID).toBe(kept?.eipID);
    // The resolution of both is a second at worst.
    expect(Date.parse(mended.status?.unboundSince ?? '')).toBeGreaterThanOrEqual(editedAt - 1_000);
    expect(keptForMs(mended)).toBe(2 * HOUR);
  });

  it('of a living Pod stays bound when its claim is deleted by hand, and no other one is bought', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    const before = await boundClaim(world, 'db-0');
    await world.client.delete(eipClaims, 'db-0', { namespace: 'default' });
    const after = await eipcOf(
      world,
      'db-0',
      ({ metadata, status }) => metadata.uid !== before.metadata.uid && status?.phase === 'Bound',
      'made again and bound',
    );
    expect(after.status).toMatchObject({
      eipID: before.status?.eipID,
      publicIP: before.status?.publicIP,
      created: true,
    });
    expect((await world.events('ClaimDeletedInUse'))[0]?.message).toContain('the Pod keeps its EIP');
    for (const action of ['ReleaseAddresses', 'DisassociateAddress'])
      expect([action, world.calls(action)]).toEqual([action, 0]);
    expect(world.calls('AllocateAddresses')).toBe(1);
    await world.deletePod('db-0');
    await eipcOf(world, 'db-0', ({ status }) => status?.phase === 'Unbound', 'kept');
    await world.client.delete(eipClaims, 'db-0', { namespace: 'default' });
    await nothingLeft(world);
  });

  it('is not exchanged for a designated one unasked; once its claim is deleted by hand the next Pod has that one', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    const [id = ''] = await world.buy(1);
    world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    const kept = (await boundClaim(world, 'db-0')).status?.eipID;
    await world.deletePod('db-0');
    await eipcOf(world, 'db-0', ({ status }) => status?.phase === 'Unbound', 'kept');
    await eipPod(world, 'db-0', { marks: { [annotations.eipIdList]: id } });
    const told = await eipcOf(world, 'db-0', ({ status }) => status?.phase === 'Failed', 'told');
    expect(verdictOf(told)).toMatch(
      new RegExp(`^KindMismatch: EIPClaim db-0 holds ${kept} that was bought, and the Pod asks for designated ones`),
    );
    expect(told.status?.eipID).toBe(kept);
    await world.client.delete(eipClaims, 'db-0', { namespace: 'default' });
    expect((await boundClaim(world, 'db-0')).status?.eipID).toBe(id);
    expect((await world.eips()).map(({ eipId }) => eipId)).toEqual([id]);
  });

  it('is released with its workload, and never before its Pod has ended', async ({ expect }) => {
    await using world = await eipWorld();
    world.ipamd({ flags: { enableOwnerRef: true } });
    const switched = (all: readonly KubeObject[]): boolean =>
      all.some(({ metadata }) => metadata.annotations?.[annotations.ownerRefSince] !== undefined);
    await waitForObjects(world.client, configMaps, switched, {
      namespace: objectNames.systemNamespace,
      what: 'the switch recorded',
      timeoutMs: 60_000,
    });
    const spec = {
      selector: { matchLabels: { app: 'web' } },
      replicas: 0,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'sample' }] } },
    };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec } as KubeObject;
    const { metadata } = await world.client.create<KubeObject>(deployments, deployment, { namespace: 'default' });
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: metadata.uid ?? '' };
    await world.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-x',
        namespace: 'default',
        annotations: KEEP,
        ownerReferences: [{ ...owner, controller: true }],
      },
      spec: { nodeName: nodeName(world, 0), containers: [{ name: 'main', image: 'sample' }] },
    });
    const claim = await boundClaim(world, 'web-x');
    expect(claim.spec.owner).toEqual(owner);
    expect(claim.metadata.ownerReferences).toEqual([owner]);
    await world.client.delete(deployments, 'web', { namespace: 'default' });
    // What the garbage collector does then.
    await world.client.delete(eipClaims, 'web-x', { namespace: 'default' });
    const reason = ({ status }: EipClaim): string | undefined => status?.conditions?.[0]?.reason;
    await eipcOf(world, 'web-x', (found) => reason(found) === 'OwnerDeleted', 'that it waits for the Pod');
    expect(await world.eips()).toMatchObject([{ eipId: claim.status?.eipID, binding: {} }]);
    await world.deletePod('web-x');
    await nothingLeft(world);
  });

  it('goes with its namespace', async () => {
    await using world = await eipWorld();
    world.ipamd();
    const played = await playNamespace(world, 'shop');
    await world.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'db-0', namespace: 'shop', annotations: KEEP },
      spec: { nodeName: nodeName(world, 0), containers: [{ name: 'main', image: 'sample' }] },
    });
    await boundClaim(world, 'db-0');
    await played.delete();
    await world.client.delete(pods, 'db-0', { namespace: 'shop', gracePeriodSeconds: 0 });
    // What the namespace controller does then.
    await world.client.delete(eipClaims, 'db-0', { namespace: 'shop' });
    await nothingLeft(world);
    await played.empty();
    await played.until((namespace) => namespace === undefined, 'namespace shop gone');
  });

  it('follows the Pod of its name to another node at once, though the lost node never said that the former one ended', async ({
    expect,
  }) => {
    await using world = await eipWorld({ instanceTypes: ['SA5.LARGE8', 'SA5.LARGE8'] });
    world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    const before = await boundClaim(world, 'db-0');
    await world.deletePod('db-0');
    await eipPod(world, 'db-0', { marks: KEEP, index: 1 });
    const after = await eipcOf(
      world,
      'db-0',
      ({ status }) => status?.phase === 'Bound' && status.nodeName === nodeName(world, 1),
      'bound on the other node',
    );
    expect(after.status?.eipID).toBe(before.status?.eipID);
    expect(after.status?.eniID).not.toBe(before.status?.eniID);
    const podIp = (await running(world, ['db-0'])).get('db-0');
    expect(await world.eips()).toMatchObject([{ binding: { privateIp: podIp, eniId: after.status?.eniID } }]);
  });
});

describe('an EIP', { concurrent: true, timeout: 90_000 }, () => {
  it('is bound to the address of its own that a Pod of static mode has', async ({ expect }) => {
    await using world = await eipWorld({ values: { 'vpcCni.ipMode': 'static' } });
    world.ipamd();
    const marks = { ...KEEP, [annotations.vpcIpClaimDeletePolicy]: 'Never' };
    await eipPod(world, 'db-0', { marks });
    const { status } = await boundClaim(world, 'db-0');
    expect(status?.privateIP).toBe((await running(world, ['db-0'])).get('db-0'));
    await world.deletePod('db-0');
    await eipcOf(world, 'db-0', (claim) => claim.status?.phase === 'Unbound', 'kept');
    await eipPod(world, 'db-0', { marks });
    expect((await boundClaim(world, 'db-0')).status).toMatchObject({
      privateIP: status?.privateIP,
      publicIP: status?.publicIP,
    });
  });

  it('is bound to the sub-ENI of a Pod that has one', async ({ expect }) => {
    await using world = await eipWorld({ values: { 'vpcCni.trunkingEni.enableSubEni': 'true' } });
    world.ipamd();
    await world.nodesReady();
    await eipPod(world, 'web-0', {
      marks: { ...CREATE, [annotations.networks]: networks.subEni, [annotations.securityGroupId]: world.group },
    });
    const { status } = await boundClaim(world, 'web-0');
    expect(world.subEnis().map(({ eniId }) => eniId)).toEqual([status?.eniID]);
    await world.deletePod('web-0');
    await nothingLeft(world);
  });

  it('is bound to the ENI of a super node that has the address of the Pod, asked for by the keys of super nodes', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    world.ipamd();
    const metadata = { name: 'eklet-1', labels: { [labels.instanceType]: SUPER_NODE_INSTANCE_TYPE } };
    await world.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata });
    const primary = world.cloud.snapshot().enis.find(({ kind }) => kind === 'primary');
    await world.createPod('web-0', {
      node: 'eklet-1',
      annotations: { [annotations.eksEipAttributes]: '{"Bandwidth":5}' },
    });
    const body = { status: { podIP: primary?.addresses[0], phase: 'Running' } };
    await world.client.patch(pods, 'web-0', { type: 'merge', body }, { namespace: 'default', subresource: 'status' });
    const { status } = await boundClaim(world, 'web-0');
    expect(status).toMatchObject({ eniID: primary?.eniId, privateIP: primary?.addresses[0], bandwidth: 5 });
    expect(await world.eips()).toMatchObject([{ bandwidth: 5 }]);
    expect(await shownOn(world, 'web-0')).toBe(status?.publicIP);
  });

  it('changes its bandwidth in place with the annotation, where that is opted into', async ({ expect }) => {
    await using world = await eipWorld({ values: { 'vpcCni.eip.applyBandwidthChanges': 'true' } });
    world.ipamd();
    await eipPod(world, 'web-0');
    const before = await boundClaim(world, 'web-0');
    const body = { metadata: { annotations: { [annotations.eipAttributes]: '{"Bandwidth":20}' } } };
    await world.client.patch(pods, 'web-0', { type: 'merge', body }, { namespace: 'default' });
    await eipcOf(world, 'web-0', ({ status }) => status?.bandwidth === 20, '20 Mbps');
    expect((await world.events('EipBandwidthChanged'))[0]?.message).toMatch(/100 Mbps before, 20 Mbps now/);
    expect(await world.eips()).toMatchObject([{ eipId: before.status?.eipID, bandwidth: 20, status: 'BIND' }]);
    expect(world.calls('ModifyAddressesBandwidth')).toBe(1);
  });
});
