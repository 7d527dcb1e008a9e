// Takes the add-on values over while ipamd runs; a bad value keeps the last good ones.
import { ipamdErrors } from '../../errors.ts';
import { createController, ownKey, watchOf } from '../../../kube/controller.ts';
import type { Controller } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { decodeValues } from './decode.ts';

export type AddonValuesDeps = Pick<IpamdDeps, 'clock' | 'logger' | 'recorder' | 'settings'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'addonValues'>;
};

/** Every bad value is named in a log line and an Event on the ConfigMap: key, value, what is accepted. */
export function createAddonValues({ clock, logger, recorder, settings, informers }: AddonValuesDeps): Controller {
  return createController({
    name: 'addon.values',
    clock,
    logger,
    watches: [watchOf(informers.addonValues, ownKey)],
    reconcile: (key, { log }) => {
      const map = informers.addonValues.get(key);
      if (map === undefined) {
        log.warn({}, 'the add-on values were deleted; the last ones stay in force');
        return Promise.resolve();
      }
      const decoded = decodeValues(map.data);
      if (decoded.ok) {
        settings.set(decoded.values);
        return Promise.resolve();
      }
      for (const problem of decoded.problems) {
        log.error(
          { problem, code: ipamdErrors.valuesInvalid.code },
          'an add-on value is not accepted; the last good ones stay in force',
        );
        const message = `${problem}; the last good values stay in force`;
        recorder.record({ regarding: map, type: 'Warning', reason: ipamdErrors.valuesInvalid.eventReason, message });
      }
      return Promise.resolve();
    },
  });
}
