// Takes the add-on values over while ipamd runs; a bad value keeps the last good ones.
import { ipamdErrors } from '../../errors.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { ConfigMap } from '../../../kube/resources.ts';
import type { Controller, ReconcileContext } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { decodeValues } from './decode.ts';
import { planModeChange, recordMode } from './ip-mode.ts';
import { recordOwnerRef } from './owner-ref.ts';

export type AddonValuesDeps = Pick<
  IpamdDeps,
  'clock' | 'logger' | 'recorder' | 'settings' | 'client' | 'timings' | 'flags' | 'version'
> & {
  readonly informers: Pick<IpamdDeps['informers'], 'addonValues' | 'vpcEnis'>;
};

/** Every bad value is named in a log line and an Event on the ConfigMap: key, value, what is accepted. */
export function createAddonValues(deps: AddonValuesDeps): Controller {
  const { clock, logger, settings, informers } = deps;
  return createController({
    name: 'addon.values',
    clock,
    logger,
    watches: [watchOf(informers.addonValues, ownKey)],
    reconcile: async (key, context) => {
      const map = informers.addonValues.get(key);
      if (map === undefined) {
        context.log.warn({}, 'the add-on values were deleted; the last ones stay in force');
        return undefined;
      }
      const decoded = decodeValues(map.data);
      if (!decoded.ok) return refuse(deps, map, decoded.problems, context);
      await recordOwnerRef(deps, map, decoded.values['vpcCni.enableOwnerRef'], context);
      const inForce = settings.current()['vpcCni.ipMode'];
      const change = await planModeChange(
        deps,
        map,
        { wanted: decoded.values['vpcCni.ipMode'], inForce },
        context.signal,
      );
      if (change.kind === 'record') await recordMode(deps, change.mode);
      if (change.kind !== 'refused') {
        settings.set(decoded.values);
        return undefined;
      }
      settings.set({ ...decoded.values, 'vpcCni.ipMode': inForce });
      context.log.error({ problem: change.message }, 'the IP mode is not changed');
      deps.recorder.record({ regarding: map, type: 'Warning', reason: 'IPModeInUse', message: change.message });
      // What it waits for ends without a change of the values.
      return { requeueAfterMs: deps.timings.lookAgainMs };
    },
  });
}

function refuse(
  { recorder }: AddonValuesDeps,
  map: ConfigMap,
  problems: readonly string[],
  { log }: ReconcileContext,
): undefined {
  for (const problem of problems) {
    log.error(
      { problem, code: ipamdErrors.valuesInvalid.code },
      'an add-on value is not accepted; the last good ones stay in force',
    );
    const message = `${problem}; the last good values stay in force`;
    recorder.record({ regarding: map, type: 'Warning', reason: ipamdErrors.valuesInvalid.eventReason, message });
  }
  return undefined;
}
