// The tasks of NAT gateways: made, given other addresses, and deleted.
import { z } from 'zod';

import { defineTask } from './task-kind.ts';

const one = z.strictObject({ natGatewayId: z.string() });

/** PENDING until then. */
export const natCreation = defineTask('nat-creation', one, (core, { natGatewayId }) => {
  const { nats } = core.state.routeBook;
  const nat = nats.get(natGatewayId);
  return {
    apply: () => {
      if (nat !== undefined) nat.state = 'AVAILABLE';
    },
    undo: () => nats.delete(natGatewayId),
  };
});

/** DELETING until it is gone. */
export const natDeletion = defineTask('nat-deletion', one, (core, { natGatewayId }) => {
  const { nats } = core.state.routeBook;
  const nat = nats.get(natGatewayId);
  return {
    apply: () => nats.delete(natGatewayId),
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
    return { apply: () => settle(after), undo: () => settle(before) };
  },
);

/** Every kind of this file. */
export const natTasks = [natCreation, natDeletion, natAddressChange] as const;
