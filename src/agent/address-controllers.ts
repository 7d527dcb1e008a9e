// The two loops around shared addresses: freeing those of Pods that are over, and telling ipamd what is used and given back.
import type { VpcEni } from '../api/vpc-eni.ts';
import { createController, watchOf } from '../kube/controller.ts';
import type { Controller, Informer, InformerChange, KubeClient } from '../kube/types.ts';
import { eniGone } from './address-book.ts';
import { nodePools, poolOf } from './address-offers.ts';
import { freeAddress } from './free-addresses.ts';
import type { PodView } from './pod-view.ts';
import { createProblemLog } from './problem-log.ts';
import { reportUse } from './report-use.ts';
import type { ServiceDeps } from './service-deps.ts';
import { createThrottle } from './throttle.ts';

export interface AddressControllersDeps
  extends Pick<ServiceDeps, 'nodeName' | 'store' | 'addresses' | 'lock' | 'node' | 'clock' | 'restNowMs' | 'logger'> {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'patch'>;
  readonly pods: Informer<PodView>;
  readonly enis: Informer<VpcEni>;
}

export interface AddressControllers {
  readonly controllers: readonly Controller[];
  /** The wiring of a Pod changed. */
  changed(podUid: string): void;
}

/** A burst of Pods is told in few writes; what ipamd asks is answered at once. */
const REPORT_USE_MS = 1_000;

export function createAddressControllers(deps: AddressControllersDeps): AddressControllers {
  const { nodeName, addresses, enis, pods, clock, logger } = deps;
  const tell = createProblemLog(logger);
  const use = createController({
    name: 'address-use',
    clock,
    logger,
    watches: [watchOf(enis, (change) => poolOfNode(change, nodeName))],
    sources: [
      (enqueue, signal) => {
        const report = createThrottle(clock, REPORT_USE_MS, () => {
          for (const { name } of nodePools(enis.list(), nodeName)) enqueue(name);
        });
        signal.addEventListener('abort', addresses.onChange(report), { once: true });
      },
      (_enqueue, signal) => {
        const forget = enis.onChange(({ type, before }) => {
          if (type !== 'deleted' || before === undefined) return;
          const own = poolOf(before, nodeName);
          if (own !== undefined) addresses.change((book) => eniGone(book, own.eni));
        });
        signal.addEventListener('abort', forget, { once: true });
      },
    ],
    reconcile: (key, { signal }) => {
      tell(addresses.offers(enis.list(), deps.node.offer.enis, nodeName).problems);
      return reportUse(deps, key, signal);
    },
  });
  const free = createController({
    name: 'address-free',
    clock,
    logger,
    concurrency: 8,
    watches: [watchOf(pods, uidsOf)],
    sources: [
      // Of Pods that went away while the agent was, no change is told.
      (enqueue) => {
        for (const { podUID } of Object.values(addresses.book.allocations)) enqueue(podUID);
      },
    ],
    reconcile: (uid, { signal }) => freeAddress(deps, uid, signal),
  });
  return { controllers: [use, free], changed: (uid) => free.enqueue(uid) };
}

const poolOfNode = ({ key, before, after }: InformerChange<VpcEni>, nodeName: string): readonly string[] =>
  [before, after].some((eni) => eni !== undefined && poolOf(eni, nodeName) !== undefined) ? [key] : [];

const uidsOf = ({ before, after }: InformerChange<PodView>): readonly string[] =>
  [before, after].flatMap((pod) => pod?.metadata.uid ?? []);
