// EIPs of Pods against the simulated cloud: bought, bound, shown, kept and released (spec 004; facts/tke.md 8).
import { describe, it } from 'vitest';
import { annotations, tags } from '../api/keys.ts';
import { type EipClaim, eipClaims } from '../api/eip-claim.ts';
import { pods } from '../kube/resources.ts';
import { boundClaim, CREATE, eipcOf, eipcs, eipPod, eipWorld, KEEP, shownOn, verdictOf } from './testing/eip-world.ts';
import { running } from './testing/shared-world.ts';

describe('a Pod that asks for an EIP', { concurrent: true, timeout: 60_000 }, () => {
  it('gets one that stands for its address, and gives it back when it is deleted', async ({ expect }) => {
    await using world = await eipWorld();
    world.ipamd();
    await eipPod(world, 'web-0');
    const { status, spec } = await boundClaim(world, 'web-0');
    expect(spec).toEqual({ attributes: CREATE[annotations.eipAttributes], deletePolicy: 'Immediate' });
    const podIp = (await running(world, ['web-0'])).get('web-0');
    const [eip, ...others] = await world.eips();
    expect(others).toEqual([]);
    expect(eip).toMatchObject({
      eipId: status?.eipID,
      ip: status?.publicIP,
      bandwidth: 100,
      isp: 'BGP',
      chargeType: 'TRAFFIC_POSTPAID_BY_HOUR',
      binding: { privateIp: podIp, eniId: status?.eniID },
    });
    expect(eip?.tags).toEqual(expect.arrayContaining([{ key: tags.owner, value: 'EIPClaim/default/web-0' }]));
    expect(await shownOn(world, 'web-0')).toBe(eip?.ip);
    await world.deletePod('web-0');
    await eipcs(world, (all) => all.length === 0, 'no claim left');
    expect(await world.eips()).toEqual([]);
    expect(world.calls('AllocateAddresses')).toBe(1);
    expect(world.calls('ReleaseAddresses')).toBe(1);
  });

  it('keeps it under its name with delete policy Never: the next Pod of the name has the same one', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    const first = await boundClaim(world, 'db-0');
    await world.deletePod('db-0');
    const kept = await eipcOf(world, 'db-0', ({ status }) => status?.phase === 'Unbound', 'the EIP kept');
    expect(kept.status).toMatchObject({ eipID: first.status?.eipID, publicIP: first.status?.publicIP });
    expect(kept.status?.privateIP).toBeUndefined();
    expect(Date.parse(kept.status?.unboundSince ?? '')).toBeGreaterThan(0);
    expect(verdictOf(kept)).toBe('Unbound: kept for a Pod of the same name');
    expect(await world.eips()).toMatchObject([{ status: 'UNBIND' }]);
    await eipPod(world, 'db-0', { marks: KEEP });
    const again = await boundClaim(world, 'db-0');
    expect(again.metadata.uid).toBe(first.metadata.uid);
    expect(again.status?.publicIP).toBe(first.status?.publicIP);
    expect(again.status?.unboundSince).toBeUndefined();
    expect(world.calls('AllocateAddresses')).toBe(1);
    await world.deletePod('db-0');
    await world.client.delete(eipClaims, 'db-0', { namespace: 'default' });
    await eipcs(world, (all) => all.length === 0, 'no claim left');
    expect(await world.eips()).toEqual([]);
  });
});

const list = (ids: readonly string[]): Record<string, string> => ({ [annotations.eipIdList]: ids.join(',') });

describe('designated EIPs', { concurrent: true, timeout: 60_000 }, () => {
  it('go by the ordinals of Pods, are unbound and never released', async ({ expect }) => {
    await using world = await eipWorld();
    const ids = await world.buy(2);
    world.ipamd();
    await Promise.all(['db-0', 'db-1', 'db-2'].map((name) => eipPod(world, name, { marks: list(ids) })));
    const claims = [await boundClaim(world, 'db-0'), await boundClaim(world, 'db-1')];
    expect(claims.map(({ status }) => status?.eipID)).toEqual(ids);
    expect(claims.map(({ spec }) => spec.eipIDs)).toEqual(ids.map((id) => [id]));
    const [event] = await world.events('FailedAllocateEIP');
    expect(event?.involvedObject.name).toBe('db-2');
    expect(event?.message).toMatch(/names 2 EIPs .*a Pod with ordinal 2 needs number 3/);
    const short = await eipcOf(world, 'db-2', ({ status }) => status?.phase === 'Failed', 'db-2 told');
    expect(verdictOf(short)).toMatch(new RegExp(`^EIPListTooShort: .*${ids.join(', ')}.*needs number 3`));
    await Promise.all(['db-0', 'db-1', 'db-2'].map((name) => world.deletePod(name)));
    await eipcs(world, (all) => all.length === 0, 'no claim left');
    expect((await world.eips()).map(({ eipId, status }) => [eipId, status])).toEqual(ids.map((id) => [id, 'UNBIND']));
    expect(world.calls('ReleaseAddresses')).toBe(0);
  });

  it('serve a Pod beyond the list once its list is long enough', async ({ expect }) => {
    await using world = await eipWorld();
    const ids = await world.buy(2);
    world.ipamd();
    await eipPod(world, 'db-1', { marks: list(ids.slice(0, 1)) });
    await eipcOf(world, 'db-1', ({ status }) => status?.phase === 'Failed', 'told');
    const body = { metadata: { annotations: list(ids) } };
    await world.client.patch(pods, 'db-1', { type: 'merge', body }, { namespace: 'default' });
    expect((await boundClaim(world, 'db-1')).status?.eipID).toBe(ids[1]);
  });

  it('serve one Pod each of those that may have any; the others say why, and follow when one is free; all are warned', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    const ids = await world.buy(2);
    world.ipamd();
    const names = ['web-x', 'web-y', 'web-z'];
    await Promise.all(names.map((name) => eipPod(world, name, { marks: list(ids) })));
    const refused = ({ status }: EipClaim): boolean => status?.conditions?.[0]?.reason === 'EIPInUse';
    const isBound = ({ status }: EipClaim): boolean => status?.phase === 'Bound';
    const all = await eipcs(
      world,
      (found) => found.filter(isBound).length === 2 && found.some(refused),
      'two bound and one refused',
    );
    const winners = all.filter(isBound);
    expect(new Set(winners.map(({ status }) => status?.eipID))).toEqual(new Set(ids));
    const loser = all.find(refused);
    for (const { metadata, status } of winners)
      expect(loser === undefined ? '' : verdictOf(loser)).toContain(
        `${status?.eipID} is held by EIPClaim default/${metadata.name}`,
      );
    const warned = async () =>
      (await world.events('SeveralEIPsWithoutOrdinal')).map(({ involvedObject }) => involvedObject.name).toSorted();
    await expect.poll(warned, { timeout: 30_000 }).toEqual(names);
    const [winner] = winners;
    await world.deletePod(winner?.metadata.name ?? '');
    const after = await boundClaim(world, loser?.metadata.name ?? '');
    expect(after.status?.eipID).toBe(winner?.status?.eipID);
  });

  it('that are missing or bound by somebody else are named, and not taken away', async ({ expect }) => {
    await using world = await eipWorld();
    const [id = ''] = await world.buy(1);
    const primary = world.cloud.snapshot().enis.find(({ kind }) => kind === 'primary');
    await world.console.associateEip({
      eipId: id,
      eniId: primary?.eniId ?? '',
      privateIp: primary?.addresses[0] ?? '',
    });
    world.ipamd();
    await eipPod(world, 'web-0', { marks: list([id]) });
    await eipPod(world, 'web-1', { marks: list([id, 'eip-00000000']) });
    const told = async (name: string): Promise<string> =>
      verdictOf(await eipcOf(world, name, ({ status }) => status?.phase === 'Failed', `${name} refused`));
    expect(await told('web-0')).toMatch(
      new RegExp(`^EIPInUse: ${id} is bound to ${primary?.addresses[0]} of ${primary?.eniId}`),
    );
    expect(await told('web-1')).toMatch(/^EIPNotFound: eip-00000000 does not exist in this account and region/);
    expect(world.calls('DisassociateAddress')).toBe(0);
  });
});
