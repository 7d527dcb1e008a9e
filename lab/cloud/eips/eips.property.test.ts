import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { createdEni, eniRequest, INSTANCE_ID, openAccount, type TestAccount } from '../testing/account.ts';

const kinds = ['allocate', 'time', 'make eni', 'delete eni', 'associate', 'disassociate', 'release'] as const;
const step = fc.record({ kind: fc.constantFrom(...kinds), eip: fc.nat({ max: 3 }), eni: fc.nat({ max: 3 }) });
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Known {
  readonly eips: string[];
  readonly enis: { readonly NetworkInterfaceId: string; readonly PrivateIpAddress: string | undefined }[];
}

/** Makes one call, which may be a wrong one; answers its error code. */
async function take(account: TestAccount, known: Known, { eip, eni, kind }: Step): Promise<string> {
  const call = (action: string, body: object): Promise<string> => account.refusal('vpc', action, body);
  const AddressId = known.eips[eip] ?? 'eip-aaaaaaaa';
  if (kind === 'time') await account.tasksEnd();
  if (kind === 'allocate')
    known.eips.push(...z.array(z.string()).parse((await account.call('vpc', 'AllocateAddresses'))['AddressSet']));
  if (kind === 'make eni') {
    const made = createdEni(await account.call('vpc', 'CreateNetworkInterface', eniRequest));
    const PrivateIpAddress = made.PrivateIpAddressSet[0]?.PrivateIpAddress;
    known.enis.push({ NetworkInterfaceId: made.NetworkInterfaceId, PrivateIpAddress });
  }
  if (kind === 'delete eni')
    return call('DeleteNetworkInterface', {
      NetworkInterfaceId: known.enis[eni]?.NetworkInterfaceId ?? 'eni-aaaaaaaa',
    });
  if (kind === 'associate')
    return call('AssociateAddress', { AddressId, ...(known.enis[eni] ?? { InstanceId: INSTANCE_ID }) });
  if (kind === 'disassociate') return call('DisassociateAddress', { AddressId });
  return kind === 'release' ? call('ReleaseAddresses', { AddressIds: [AddressId] }) : 'none';
}

const eipShape = z.looseObject({
  AddressStatus: z.string(),
  AddressIp: z.string(),
  NetworkInterfaceId: z.string().nullable(),
  PrivateAddressIp: z.string().nullable(),
});

async function listed(account: TestAccount): Promise<readonly z.output<typeof eipShape>[]> {
  return z.array(eipShape).parse((await account.call('vpc', 'DescribeAddresses', { Limit: 100 }))['AddressSet']);
}

test('whatever is called in whatever order, an EIP has one private address and a private address one EIP', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const account = await openAccount({ settings: { eipTotalQuota: 100, eipDailyApply: 100 } });
      const known: Known = { eips: [], enis: [] };
      try {
        for (const one of steps) {
          const before = await listed(account);
          const code = await take(account, known, one);
          const eips = await listed(account);
          if (code !== 'none') expect(eips).toEqual(before);
          const bound = eips.filter((eip) => eip.PrivateAddressIp !== null);
          const places = bound.map((eip) => `${eip.NetworkInterfaceId}/${eip.PrivateAddressIp}`);
          expect(new Set(places).size).toBe(places.length);
          expect(new Set(eips.map((eip) => eip.AddressIp)).size).toBe(eips.length);
          for (const eip of eips)
            expect(eip.PrivateAddressIp !== null).toBe(/^(BINDING|BIND|BIND_ENI|UNBINDING)$/.test(eip.AddressStatus));
        }
      } finally {
        await account.close();
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);
