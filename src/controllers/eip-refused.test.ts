// What people are told when a Pod cannot have its EIP, and how it heals once that is mended (facts/tke.md 13.1, 16).
import { describe, it } from 'vitest';
import { staticCredentials } from '../cloud/credentials.ts';
import type { EipClaim } from '../api/eip-claim.ts';
import { annotations, networks } from '../api/keys.ts';
import {
  boundClaim,
  CREATE,
  eipcOf,
  eipcs,
  eipPod,
  eipWorld,
  type EipWorld,
  KEEP,
  shownOn,
  verdictOf,
} from './testing/eip-world.ts';
import { nec, nodeName } from './testing/shared-world.ts';

const ROLE = 'IPAMDofTKE_QCSRole';
const POLICY = 'QcloudAccessForIPAMDRoleInQcloudAllocateEIP';

const asRole = (world: EipWorld) => {
  const { secretId, secretKey, token } = world.cloud.identity.startSession(ROLE);
  return staticCredentials({ secretId, secretKey, token });
};
const refused = async (world: EipWorld, name: string, reason: string): Promise<string> =>
  verdictOf(
    await eipcOf(world, name, ({ status }) => status?.conditions?.[0]?.reason === reason, `${name} told ${reason}`),
  );

describe('a Pod that cannot have its EIP', { concurrent: true, timeout: 60_000 }, () => {
  it('names role and policy when the role lacks it, with code and RequestId; given it, the Pod has its EIP without a restart', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    world.ipamd({ credentials: asRole(world) });
    await eipPod(world, 'web-0');
    const words = new RegExp(
      `role ${ROLE} may not allocate EIPs: associate CAM policy ${POLICY} with it .*\\[TencentCloudSDKError\\] Code=UnauthorizedOperation.*cvm:AllocateAddresses.*RequestId=[\\w-]+`,
      's',
    );
    expect(await refused(world, 'web-0', 'CloudUnauthorized')).toMatch(words);
    const [event] = await world.events('FailedAllocateEIP');
    expect(event?.message).toMatch(/^Failed to create eip: failed to allocate eip: /);
    expect(event?.message).toMatch(words);
    world.cloud.identity.attachRolePolicy(ROLE, POLICY);
    expect(await shownOn(world, 'web-0')).toBe((await boundClaim(world, 'web-0')).status?.publicIP);
  });

  it('says that the region is full and what shows idle ones, and is served once one is given back', async ({
    expect,
  }) => {
    await using world = await eipWorld({ settings: { eipTotalQuota: 1 } });
    const [id = ''] = await world.buy(1);
    world.ipamd();
    await eipPod(world, 'web-0');
    expect(await refused(world, 'web-0', 'EIPQuotaExceeded')).toMatch(
      /the region has as many EIPs as the account may have \(1 of 1\)\. Release idle ones \(kubectl get eipc -A.*Code=AddressQuotaLimitExceeded/s,
    );
    await world.console.releaseEip(id);
    await boundClaim(world, 'web-0');
  });

  it("says that the day's purchases are used up and when they begin anew", async ({ expect }) => {
    await using world = await eipWorld({ settings: { eipDailyApply: 0 } });
    world.ipamd();
    await eipPod(world, 'web-0');
    expect(await refused(world, 'web-0', 'EIPQuotaExceeded')).toMatch(
      /\(0 of 0\); the count begins anew at \d{4}-\d\d-\d\dT16:00:00.000Z.*Code=AddressQuotaLimitExceeded.DailyAllocate/s,
    );
    expect(await world.eips()).toEqual([]);
  });

  it('is bought none while its node can have no more, however many ask at once, and one when there is room', async ({
    expect,
  }) => {
    await using world = await eipWorld();
    world.ipamd({ timings: { lookAgainMs: 300 } });
    await nec(world, nodeName(world, 0), ({ status }) => status?.eip?.quota === 1, 'one EIP for Pods');
    const names = ['web-a', 'web-b', 'web-c'];
    await Promise.all(names.map((name) => eipPod(world, name)));
    const isFull = ({ status }: EipClaim): boolean => status?.conditions?.[0]?.reason === 'InstanceEIPQuotaExceeded';
    const all = await eipcs(
      world,
      (found) => found.filter(isFull).length === 2 && found.some(({ status }) => status?.phase === 'Bound'),
      'one bound, two refused',
    );
    const winner = all.find((claim) => !isFull(claim))?.metadata.name ?? '';
    expect(all.filter(isFull).map(verdictOf)).toEqual(
      Array(2).fill(
        expect.stringMatching(new RegExp(`can have 1 EIP for Pods, and default/${winner} has it; nothing was bought`)),
      ),
    );
    expect(world.calls('AllocateAddresses')).toBe(1);
    await world.deletePod(winner);
    const after = await eipcs(
      world,
      (found) => found.length === 2 && found.some(({ status }) => status?.phase === 'Bound'),
      'another one bound',
    );
    expect(after.filter(isFull)).toHaveLength(1);
    expect(world.calls('AllocateAddresses')).toBe(2);
  });

  it('is told that exclusive ENIs are not served, and nothing is bought', async ({ expect }) => {
    await using world = await eipWorld();
    world.ipamd();
    await eipPod(world, 'web-0', { marks: { ...CREATE, [annotations.networks]: networks.directEni } });
    const [event] = await world.events('FailedAllocateEIP');
    expect(event?.message).toMatch(/an exclusive ENI \(tke-direct-eni\) is not served here.*use tke-route-eni/);
    expect(world.calls('AllocateAddresses')).toBe(0);
  });

  it('is told in one Event what of its annotations is wrong, and nothing is bought', async ({ expect }) => {
    await using world = await eipWorld();
    world.ipamd();
    await eipPod(world, 'web-0', {
      marks: { [annotations.eipAttributes]: '{"Bandwidth":0,"ISP":"X"}', [annotations.eipClaimDeletePolicy]: 'Never' },
    });
    const [event] = await world.events('FailedAllocateEIP');
    expect(event?.message).toMatch(
      /Bandwidth 0 is not possible.*ISP "X" is not known|ISP "X" is not known.*Bandwidth 0/,
    );
    expect(world.calls('AllocateAddresses')).toBe(0);
  });

  it('gets another one when somebody released its own in the console, and says so', async ({ expect }) => {
    await using world = await eipWorld();
    const first = world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    const before = await boundClaim(world, 'db-0');
    const eipId = before.status?.eipID ?? '';
    await first.stop();
    await world.console.disassociateEip(eipId);
    for (;;) {
      const [eip] = await world.console.describeEips({ eipIds: [eipId] });
      if (eip === undefined) break;
      if (eip.status === 'UNBIND') await world.console.releaseEip(eipId);
    }
    world.ipamd();
    const after = await eipcOf(
      world,
      'db-0',
      ({ status }) => status?.phase === 'Bound' && status.eipID !== eipId,
      'another EIP',
    );
    expect((await world.events('FailedAllocateEIP'))[0]?.message).toContain(`${eipId} is not in the cloud any more`);
    expect((await world.eips()).map((eip) => eip.eipId)).toEqual([after.status?.eipID]);
    expect(await shownOn(world, 'db-0')).not.toBe(before.status?.publicIP);
  });

  it('is bound again when somebody unbound it in the console', async ({ expect }) => {
    await using world = await eipWorld();
    const first = world.ipamd();
    await eipPod(world, 'db-0', { marks: KEEP });
    const before = await boundClaim(world, 'db-0');
    await first.stop();
    await world.console.disassociateEip(before.status?.eipID ?? '');
    const bound = Promise.withResolvers<void>();
    world.cloud.onRequest(({ action }) => {
      if (action === 'AssociateAddress') bound.resolve();
    });
    world.ipamd();
    await bound.promise;
    await boundClaim(world, 'db-0');
    expect(world.calls('AllocateAddresses')).toBe(1);
  });
});
