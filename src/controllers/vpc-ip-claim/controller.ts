// The life of VpcIPClaims: made for Pods, kept after them, released by expiry, by hand or with their workload (spec 004; facts/tke.md 6.2).
import { annotations } from '../../api/keys.ts';
import type { VpcIp } from '../../api/vpc-ip.ts';
import { createController, ownKey, watchOf } from '../../kube/controller.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { Controller, InformerChange, ReconcileResult } from '../../kube/types.ts';
import type { IpamdDeps } from '../deps.ts';
import type { ClaimHoldings } from './demand.ts';
import { createSharedHolding } from './holding.ts';
import { reconcileClaim } from './reconcile.ts';

/** `further`: what holds the claims of other kinds. `proceed` is told the node whose addresses a claim now waits for. */
export function createVpcIpClaims(
  deps: IpamdDeps,
  proceed: (nodeName: string) => void,
  further: Omit<ClaimHoldings, 'Shared'> = {},
): Controller {
  const { informers, clock, logger, settings } = deps;
  const holdings: ClaimHoldings = { Shared: createSharedHolding(deps), ...further };
  const run = { deps, holdings, proceed };
  return createController({
    name: 'vpc-ip-claim',
    clock,
    logger,
    concurrency: 64,
    watches: [
      watchOf(informers.vpcIpClaims, ownKey),
      watchOf(informers.pods, ownKey),
      watchOf(informers.vpcIps, claimsOf),
      watchOf(informers.vpcEnis, ({ before, after }) => {
        const pod = (after ?? before)?.spec.pod;
        return pod === undefined || further.SubENI === undefined ? [] : [`${pod.namespace}/${pod.name}`];
      }),
    ],
    sources: [
      (enqueue, signal) => {
        const everything = (): void => {
          for (const claim of informers.vpcIpClaims.list()) enqueue(keyOf(claim));
          for (const pod of informers.pods.list()) enqueue(keyOf(pod));
        };
        const stop = settings.onChange(everything);
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (key, context): Promise<ReconcileResult | undefined> => {
      const step = await reconcileClaim(run, key, context.signal);
      if (step.told !== undefined) context.log.info(step.told, 'claim');
      return step.result;
    },
  });
}

/** Of an address, the claim that holds it; what an agent reports of it changes nothing for the claim. */
function claimsOf({ before, after }: InformerChange<VpcIp>): readonly string[] {
  const claim = (after ?? before)?.spec.claim;
  if (claim === undefined || (before !== undefined && shown(before) === shown(after))) return [];
  return [`${claim.namespace}/${claim.name}`];
}

const shown = (vip: VpcIp | undefined): string =>
  JSON.stringify([
    vip?.metadata.deletionTimestamp,
    vip?.metadata.annotations?.[annotations.claimExpiredDuration],
    vip?.spec.claim,
    vip?.status?.phase,
    vip?.status?.podUID,
  ]);
