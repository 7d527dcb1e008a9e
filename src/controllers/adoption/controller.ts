// What runs instead of everything else while another install is there: it says so, again and again, and changes nothing.
import { objectNames } from '../../api/keys.ts';
import { createController } from '../../kube/controller.ts';
import type { Controller, KubeObject } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';
import { ipamdErrors } from '../errors.ts';

const SAY_AGAIN_MS = 600_000;
const NAMED = 5;

export type ForeignInstallDeps = Pick<IpamdDeps, 'clock' | 'logger' | 'recorder'>;

/** `found` is named in the log and in an Event on the ConfigMap of the add-on values, up to five. */
export function createForeignInstallReport(deps: ForeignInstallDeps, found: readonly string[]): Controller {
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  const regarding: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } };
  const { eventReason, code, cure } = ipamdErrors.foreignInstall;
  const more = found.length > NAMED ? ` and ${found.length - NAMED} more` : '';
  const message = `read-only: without our marker: ${found.slice(0, NAMED).join(', ')}${more}. ${cure}`;
  return createController({
    name: 'adoption.foreign-install',
    clock: deps.clock,
    logger: deps.logger,
    watches: [],
    sources: [(enqueue) => enqueue(name)],
    reconcile: (_, { log }) => {
      log.error(
        { code, found: found.slice(0, NAMED), count: found.length },
        'ForeignInstall: another install is here; nothing is changed',
      );
      deps.recorder.record({ regarding, type: 'Warning', reason: eventReason, message });
      return Promise.resolve({ requeueAfterMs: SAY_AGAIN_MS });
    },
  });
}
