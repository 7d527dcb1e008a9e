// The tasks of NAT gateways: made, given other addresses, and deleted.
import { z } from 'zod';

import type { CloudCore } from '../core.ts';
import { endIdle } from '../eips/billing.ts';
import { defineTask } from './task-kind.ts';

/** On a gateway an address does not cost for itself; off it, it does. */
function billAddresses({ clock, state }: CloudCore, addressIds: readonly string[], held: boolean): void {
  for (const id of addressIds) {
    const eip = state.eipBook.eips.get(id);
    if (eip === undefined) continue;
    if (held) endIdle(eip, clock.monotonicMs());
    else eip.idleSince ??= clock.monotonicMs();
  }
}

const one = z.strictObject({ natGatewayId: z.string() });

/** PENDING until then. */
export const natCreation = defineTask('nat-creation', one, (core, { natGatewayId }) => {
  const { nats } = core.state.routeBook;
  const nat = nats.get(natGatewayId);
  return {
    apply: () => {
      if (nat !== undefined) nat.state = 'AVAILABLE';
      billAddresses(core, nat?.addressIds ?? [], true);
    },
    undo: () => nats.delete(natGatewayId),
  };
});

/** DELETING until it is gone. */
export const natDeletion = defineTask('nat-deletion', one, (core, { natGatewayId }) => {
  const { nats } = core.state.routeBook;
  const nat = nats.get(natGatewayId);
  return {
    apply: () => {
      nats.delete(natGatewayId);
      billAddresses(core, nat?.addressIds ?? [], false);
    },
    undo: () => {
      if (nat !== undefined) nat.state = 'AVAILABLE';
    },
  };
});

const addressChange = z.strictObject({
  natGatewayId: z.string(),
  /** Ids of EIPs that it has when the task has ended, and those from before. */
  after: z.array(z.string()),
  before: z.array(z.string()),
});

/** UPDATING until then. */
export const natAddressChange = defineTask(
  'nat-address-change',
  addressChange,
  (core, { natGatewayId, after, before }) => {
    const nat = core.state.routeBook.nats.get(natGatewayId);
    const settle = (addressIds: readonly string[]): void => {
      if (nat !== undefined) Object.assign(nat, { addressIds, state: 'AVAILABLE' });
    };
    return {
      apply: () => {
        settle(after);
        billAddresses(core, after, true);
        billAddresses(
          core,
          before.filter((id) => !after.includes(id)),
          false,
        );
      },
      undo: () => settle(before),
    };
  },
);

/** Every kind of this file. */
export const natTasks = [natCreation, natDeletion, natAddressChange] as const;
