// The tasks of secondary private addresses: assigned, unassigned, moved to another ENI.
import { z } from 'zod';

import { dropAddresses, markAddresses } from '../actions/address-tasks.ts';
import type { CloudCore } from '../core.ts';
import { eniAddress } from '../saved/codecs.ts';
import type { EniRecord } from '../state.ts';
import { defineTask, type TaskSteps } from './task-kind.ts';

/**
 * Steps that take the mark of `startAddressTask` from the ENIs at the end, and do nothing else once one of them went away with its
 * instance.
 */
function whileWhole(
  core: CloudCore,
  eniIds: readonly string[],
  stepsOf: (enis: readonly EniRecord[]) => TaskSteps,
): TaskSteps {
  const enis = eniIds.map((id) => core.state.enis.get(id)).filter((eni) => eni !== undefined);
  const whole = (): boolean =>
    enis.length === eniIds.length && enis.every((eni) => core.state.enis.get(eni.eniId) === eni);
  const steps = enis.length === eniIds.length ? stepsOf(enis) : undefined;
  const end = (step: (() => void) | undefined) => (): void => {
    for (const eni of enis) eni.addressTasks -= 1;
    if (whole()) step?.();
  };
  return {
    apply: () => {
      if (whole()) steps?.apply();
    },
    finish: end(() => steps?.finish?.()),
    undo: end(() => steps?.undo()),
  };
}

function release(core: CloudCore, eni: EniRecord, ips: ReadonlySet<string>): void {
  for (const ip of ips) core.state.subnets.get(eni.subnetId)?.addresses.release(ip);
}

/** The addresses are PENDING until then. */
export const addressAssignment = defineTask(
  'address-assignment',
  z.strictObject({ eniId: z.string(), ips: z.array(z.ipv4()) }),
  (core, data) =>
    whileWhole(core, [data.eniId], (enis) => {
      const ips = new Set(data.ips);
      return {
        apply: () => {
          for (const eni of enis) markAddresses(eni, ips, undefined);
        },
        undo: () => {
          for (const eni of enis) {
            dropAddresses(eni, ips);
            release(core, eni, ips);
          }
        },
      };
    }),
);

/** The addresses are DELETING until then; `before` is the ENI's list with them. */
export const addressRemoval = defineTask(
  'address-removal',
  z.strictObject({ eniId: z.string(), ips: z.array(z.ipv4()), before: z.array(eniAddress) }),
  (core, data) =>
    whileWhole(core, [data.eniId], (enis) => {
      const ips = new Set(data.ips);
      return {
        apply: () => {
          for (const eni of enis) dropAddresses(eni, ips);
        },
        // Free only when the fabric no longer answers for it.
        finish: () => {
          for (const eni of enis) release(core, eni, ips);
        },
        undo: () => {
          for (const eni of enis) eni.addresses = data.before;
        },
      };
    }),
);

/** The address is MIGRATING on the source until then. */
export const addressMove = defineTask(
  'address-move',
  z.strictObject({ sourceId: z.string(), destinationId: z.string(), address: eniAddress }),
  (core, { address, destinationId, sourceId }) =>
    whileWhole(core, [sourceId, destinationId], ([source, destination]) => {
      const ips = new Set([address.ip]);
      const moveTo = (to: EniRecord | undefined): void => {
        for (const eni of [source, destination]) if (eni !== undefined) dropAddresses(eni, ips);
        if (to !== undefined) to.addresses = [...to.addresses, address];
      };
      return { apply: () => moveTo(destination), undo: () => moveTo(source) };
    }),
);

/** Every kind of this file. */
export const privateAddressTasks = [addressAssignment, addressRemoval, addressMove] as const;
