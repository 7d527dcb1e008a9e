// AssociateNatGatewayAddress and DisassociateNatGatewayAddress. GUESS: parameters and codes, the facts name NAT gateways only in describe calls.
import { z } from 'zod';
import { type Action, defineAction, integer, text, textList } from '../action.ts';
import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import type { NatRecord } from '../routes/route-state.ts';
import { findNat } from '../routes/tables.ts';
import { natAddressChange } from '../tasks/nat-tasks.ts';
import { eipsByIp } from './nat-gateways.ts';

/** EIPs of one gateway (GUESS). */
const MOST_ADDRESSES = 10;

function idleNat(core: CloudCore, id: string): NatRecord {
  const nat = findNat(core, id);
  if (nat.state !== 'AVAILABLE') throw new ApiError('UnsupportedOperation.InvalidState', `${id} is ${nat.state}`);
  return nat;
}

function namedOnce(ips: readonly string[]): string[] {
  if (ips.length === 0) throw new ApiError('MissingParameter', 'the parameter `PublicIpAddresses` is required');
  return [...new Set(ips)];
}

const associate = defineAction({
  name: 'AssociateNatGatewayAddress',
  services: ['vpc'],
  parameters: z.object({
    NatGatewayId: text,
    AddressCount: integer.optional(),
    PublicIpAddresses: textList.optional(),
    Zone: text.optional(),
  }),
  handle: ({ NatGatewayId, AddressCount = 0, PublicIpAddresses = [] }, { core, requestId }) => {
    const nat = idleNat(core, NatGatewayId);
    if (AddressCount !== 0)
      throw new ApiError('InvalidParameterValue', 'buying EIPs for a gateway is not simulated; allocate them first');
    const added = eipsByIp(core, namedOnce(PublicIpAddresses));
    const before = nat.addressIds;
    if (before.length + added.length > MOST_ADDRESSES)
      throw new ApiError('LimitExceeded', `${NatGatewayId} has ${before.length} EIPs; it takes ${MOST_ADDRESSES}`);
    // Taken from now on, so that no second call gets them.
    nat.addressIds = [...before, ...added];
    nat.state = 'UPDATING';
    const task = natAddressChange.plan({ natGatewayId: NatGatewayId, after: [...nat.addressIds], before: [...before] });
    core.startTask('AssociateNatGatewayAddress', requestId, task);
    return {};
  },
});

const disassociate = defineAction({
  name: 'DisassociateNatGatewayAddress',
  services: ['vpc'],
  parameters: z.object({ NatGatewayId: text, PublicIpAddresses: textList }),
  handle: ({ NatGatewayId, PublicIpAddresses }, { core, requestId }) => {
    const nat = idleNat(core, NatGatewayId);
    const { eips } = core.state.eipBook;
    const gone = namedOnce(PublicIpAddresses).map((ip) => {
      const id = nat.addressIds.find((addressId) => eips.get(addressId)?.ip === ip);
      if (id === undefined) throw new ApiError('ResourceNotFound', `${NatGatewayId} does not have ${ip}`);
      return id;
    });
    nat.state = 'UPDATING';
    const before = [...nat.addressIds];
    const after = before.filter((id) => !gone.includes(id));
    core.startTask(
      'DisassociateNatGatewayAddress',
      requestId,
      natAddressChange.plan({ natGatewayId: NatGatewayId, after, before }),
    );
    return {};
  },
});

/** The public addresses of NAT gateways. */
export const natAddressActions: readonly Action[] = [associate, disassociate];
