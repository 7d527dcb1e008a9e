// The tasks of EIPs: bought, given back, bound, unbound, made of an ordinary address, changed in bandwidth.
import { z } from 'zod';

import { ApiError } from '../api-error.ts';
import type { CloudCore } from '../core.ts';
import { endIdle } from '../eips/billing.ts';
import { bindEip, eipOn, type EipRecord, nextPublicIp, unbindEip } from '../eips/eip-state.ts';
import { instanceOfPrimaryAddress } from '../eips/placement.ts';
import { defineTask, type TaskSteps } from './task-kind.ts';

const some = z.strictObject({ addressIds: z.array(z.string()) });
const one = z.strictObject({ addressId: z.string() });
const binding = z.strictObject({ eniId: z.string(), privateIp: z.ipv4() });

/** Steps after which the addresses are no longer busy. Addresses that are gone are left out. */
function whileBusy(
  core: CloudCore,
  addressIds: readonly string[],
  stepsOf: (eips: readonly EipRecord[]) => TaskSteps,
): TaskSteps {
  const eips = addressIds.map((id) => core.state.eipBook.eips.get(id)).filter((eip) => eip !== undefined);
  const steps = stepsOf(eips);
  const free = (): void => {
    for (const eip of eips) eip.busy = false;
  };
  return {
    apply: () => steps.apply(),
    finish: () => {
      free();
      steps.finish?.();
    },
    undo: () => {
      free();
      steps.undo();
    },
  };
}

/** CREATING until it is UNBIND. */
export const eipPurchase = defineTask('eip-purchase', some, (core, { addressIds }) =>
  whileBusy(core, addressIds, (eips) => ({
    apply: () => undefined,
    finish: () => {
      for (const eip of eips) eip.phase = 'UNBIND';
    },
    undo: () => {
      for (const eip of eips) core.state.eipBook.eips.delete(eip.addressId);
    },
  })),
);

/** OFFLINING until it is gone. */
export const eipRelease = defineTask('eip-release', some, (core, { addressIds }) =>
  whileBusy(core, addressIds, (eips) => ({
    apply: () => undefined,
    finish: () => {
      for (const eip of eips) core.state.eipBook.eips.delete(eip.addressId);
    },
    undo: () => {
      for (const eip of eips) eip.phase = 'UNBIND';
    },
  })),
);

/** BINDING until it is bound. */
export const eipBinding = defineTask('eip-binding', one, (core, { addressId }) =>
  whileBusy(core, [addressId], ([eip]) => ({
    // The binding is gone when the private address went meanwhile.
    apply: () => {
      if (eip === undefined || eip.binding === null)
        throw new ApiError('FailedOperation.AddressEniInfoNotFound', 'the address is gone');
      eip.phase = 'BOUND';
      endIdle(eip, core.clock.monotonicMs());
      const instance = instanceOfPrimaryAddress(core.state, eip);
      if (instance !== undefined) instance.normalPublicIp = null;
    },
    undo: () => {
      if (eip === undefined) return;
      unbindEip(core.state.eipBook, eip);
      eip.phase = 'UNBIND';
      eip.idleSince ??= core.clock.monotonicMs();
    },
  })),
);

/** UNBINDING until it is UNBIND; the instance, when one is named, then gets an ordinary address. */
export const eipUnbinding = defineTask(
  'eip-unbinding',
  z.strictObject({ addressId: z.string(), binding, instanceId: z.string().nullable() }),
  (core, data) =>
    whileBusy(core, [data.addressId], ([eip]) => {
      const instance = core.state.instances.get(data.instanceId ?? '');
      const book = core.state.eipBook;
      return {
        apply: () => {
          if (eip === undefined) return;
          unbindEip(book, eip);
          eip.idleSince ??= core.clock.monotonicMs();
          if (instance !== undefined) instance.normalPublicIp = nextPublicIp(book);
        },
        finish: () => {
          if (eip !== undefined) eip.phase = 'UNBIND';
        },
        undo: () => {
          if (eip === undefined) return;
          // Nobody else may have taken the private address, and it may be gone.
          const free = eipOn(book, data.binding.eniId, data.binding.privateIp);
          if (free === undefined || free === eip) bindEip(book, eip, data.binding);
          eip.phase = eip.binding === null ? 'UNBIND' : 'BOUND';
          if (eip.binding !== null) endIdle(eip, core.clock.monotonicMs());
        },
      };
    }),
);

/** CREATING, bound already in the book, until it is bound; undone, the instance has its ordinary address again. */
export const eipTransformation = defineTask(
  'eip-transformation',
  z.strictObject({ addressId: z.string(), instanceId: z.string(), normalPublicIp: z.ipv4() }),
  (core, data) =>
    whileBusy(core, [data.addressId], ([eip]) => {
      const instance = core.state.instances.get(data.instanceId);
      return {
        apply: () => {
          if (eip === undefined) return;
          eip.phase = eip.binding === null ? 'UNBIND' : 'BOUND';
          if (eip.binding !== null) endIdle(eip, core.clock.monotonicMs());
        },
        undo: () => {
          if (eip !== undefined) {
            unbindEip(core.state.eipBook, eip);
            core.state.eipBook.eips.delete(eip.addressId);
          }
          if (instance !== undefined) instance.normalPublicIp = data.normalPublicIp;
        },
      };
    }),
);

/** The old bandwidth holds until then. */
export const eipBandwidth = defineTask(
  'eip-bandwidth',
  z.strictObject({
    mbps: z.int(),
    before: z.array(z.strictObject({ addressId: z.string(), mbps: z.int() })),
  }),
  (core, { before, mbps }) => {
    const old = new Map(before.map((eip) => [eip.addressId, eip.mbps]));
    return whileBusy(core, [...old.keys()], (eips) => ({
      apply: () => {
        for (const eip of eips) eip.bandwidth = mbps;
      },
      undo: () => {
        for (const eip of eips) eip.bandwidth = old.get(eip.addressId) ?? eip.bandwidth;
      },
    }));
  },
);

/** Every kind of this file. */
export const eipTasks = [eipPurchase, eipRelease, eipBinding, eipUnbinding, eipTransformation, eipBandwidth] as const;
