// The IP mode: recorded at install, changed only while nobody lives by the old one.
import { describe, it } from 'vitest';
import { waitForObjects } from '../../lab/wait.ts';
import { annotations, objectNames } from '../api/keys.ts';
import { vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { configMaps } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import {
  cloudEnis,
  cloudShows,
  enisOf,
  listedOn,
  nec,
  nodeName,
  offers,
  running,
  sharedPod,
} from './testing/shared-world.ts';
import { disposableWorld, isReady, type World } from './testing/world.ts';

const MODE = 'vpcCni.ipMode';
const ONE = { instanceTypes: ['SA5.LARGE8'] } as const;

const recorded = (world: World, mode: string) =>
  waitForObjects(
    world.client,
    configMaps,
    (all) => all.some((map) => map.metadata.annotations?.[annotations.ipModeInForce] === mode),
    { namespace: objectNames.systemNamespace, what: `mode ${mode} recorded`, timeoutMs: 10_000 },
  );

describe('static mode', { concurrent: true }, () => {
  it('has trunks without shared addresses, offers its quota, and says in which mode it is', async ({ expect }) => {
    await using world = await disposableWorld({
      instanceTypes: ['SA5.LARGE8', 'S5.LARGE8'],
      values: { [MODE]: 'static' },
    });
    world.ipamd();
    await world.nodesReady();
    const found = await nec(
      world,
      nodeName(world, 1),
      (each) => each.status?.conditions?.some((condition) => condition.reason === 'StaticMode') === true,
      'the reason',
    );
    expect(found.status?.routeENI).toMatchObject({ quota: 27, target: expect.stringContaining('static mode') });
    await cloudShows(world, (enis) => enis.length === 2, 'an ENI for each node');
    expect(cloudEnis(world).map((eni) => eni.addresses.length)).toEqual([1, 1]);
    await world.createPod('sub');
    await world.subEniObjects((enis) => enis.length === 1 && enis.every(isReady), 'sub-ENI Pods work');
    await recorded(world, 'static');
  });

  it('is not left while claims exist', async ({ expect }) => {
    await using world = await disposableWorld({ ...ONE, values: { [MODE]: 'static' } });
    world.ipamd();
    await recorded(world, 'static');
    const claim = {
      apiVersion: 'networking.tke.cloud.tencent.com/v1',
      kind: 'VpcIPClaim',
      metadata: { name: 'web-0' },
      spec: {},
    };
    await world.client.create<KubeObject>(vpcIpClaims, claim, { namespace: 'default' });
    await world.setValues({ [MODE]: 'non-static' });
    const [refused] = await world.events('IPModeInUse');
    expect(refused?.message).toContain('1 VpcIPClaims exist');
    await world.client.delete(vpcIpClaims, 'web-0', { namespace: 'default' });
    await recorded(world, 'non-static');
    await offers(world, nodeName(world, 0), '27');
  });
});

describe('non-static mode', { concurrent: true }, () => {
  it('is not left while shared addresses are in use, not even by a restart; then everything is given back', async ({
    expect,
  }) => {
    await using world = await disposableWorld({ ...ONE, values: { 'vpcCni.trunkingEni.enableSubEni': 'false' } });
    const first = world.ipamd();
    const name = nodeName(world, 0);
    await offers(world, name, '27');
    await sharedPod(world, 'a');
    await running(world, ['a']);
    await listedOn(world, name, 6);
    await enisOf(world, name, (enis) => enis.some((eni) => eni.status?.use?.inUse.length === 1), 'the use reported');
    await recorded(world, 'non-static');
    const off = { 'vpcCni.trunkingEni.enableSubEni': 'false', [MODE]: 'static' };
    await world.setValues(off);
    const [refused] = await world.events('IPModeInUse');
    expect(refused?.message).toContain('1 shared addresses are in use; "non-static" stays in force');
    await first.stop();
    world.ipamd();
    await sharedPod(world, 'b');
    await running(world, ['a', 'b']);
    await listedOn(world, name, 7);
    await world.deletePod('a');
    await world.deletePod('b');
    await recorded(world, 'static');
    await cloudShows(world, (enis) => enis.every(({ addresses }) => addresses.length === 1), 'nothing but ENIs left');
    await offers(world, name, '27');
  });
});
