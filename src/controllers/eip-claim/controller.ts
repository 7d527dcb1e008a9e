// The life of EIPClaims: made for Pods, bound to their addresses, kept after them, released by expiry, by hand or with their workload (spec 004).
import { createController, ownKey, watchOf } from '../../kube/controller.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { Controller, ReconcileResult } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';
import { podsOnEni } from './place.ts';
import { mayAsk } from './pods.ts';
import { reconcileEipClaim } from './reconcile.ts';
import { createEipRun } from './run.ts';

export function createEipClaims(deps: IpamdDeps): Controller {
  const { informers, clock, logger, settings } = deps;
  const run = createEipRun(deps);
  const concerned = (key: string): boolean =>
    mayAsk(informers.pods.get(key)) || deps.eipClaims.latest(key) !== undefined;
  return createController({
    name: 'eip-claim',
    clock,
    logger,
    // Most of a reconcile is waiting for the limit of one action; those that are further on must not wait behind it.
    concurrency: 1024,
    watches: [
      watchOf(informers.eipClaims, ownKey),
      watchOf(informers.pods, (change) => ownKey(change).filter(concerned)),
      // Where the Pods' addresses are.
      watchOf(informers.vpcIps, ({ before, after }) => {
        const claim = (after ?? before)?.spec.claim;
        return claim === undefined ? [] : [`${claim.namespace}/${claim.name}`].filter(concerned);
      }),
      watchOf(informers.vpcEnis, ({ after }) => podsOnEni(deps, after).filter(concerned)),
    ],
    sources: [
      (enqueue, signal) => {
        const everything = (): void => {
          for (const claim of informers.eipClaims.list()) enqueue(keyOf(claim));
          for (const pod of informers.pods.list()) if (mayAsk(pod)) enqueue(keyOf(pod));
        };
        const stop = settings.onChange(everything);
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (key, { signal, log }): Promise<ReconcileResult | undefined> => {
      const step = await reconcileEipClaim(run, key, signal);
      if (step.told !== undefined && Object.keys(step.told).length > 0) log.info(step.told, 'EIP claim');
      return step.result;
    },
  });
}
