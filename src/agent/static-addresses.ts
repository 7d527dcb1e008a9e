// The loop around static addresses: telling ipamd which Pod's sandbox is served with one, and that none of it ever will be again.
import type { VpcIp } from '../api/vpc-ip.ts';
import { createController, ownKey, watchOf } from '../kube/controller.ts';
import type { Logger } from '../base/logger.ts';
import type { Controller, Informer } from '../kube/types.ts';
import type { PodView } from './pod-view.ts';
import { reportStatic, type ReportStaticDeps } from './report-static.ts';

export interface StaticAddressesDeps extends ReportStaticDeps {
  readonly pods: Informer<PodView>;
  readonly ips: Informer<VpcIp>;
  readonly logger: Logger;
}

export interface StaticAddresses {
  readonly controller: Controller;
  /** The wiring of a Pod changed. */
  changed(podUid: string): void;
}

export function createStaticAddresses(deps: StaticAddressesDeps): StaticAddresses {
  const { ips, pods, tornDown, clock, logger } = deps;
  const addressesOf = (uid: string | undefined): readonly string[] =>
    uid === undefined
      ? []
      : ips.list().flatMap(({ metadata, status }) => (status?.podUID === uid ? [metadata.name] : []));
  ips.onChange(({ before, after }) => {
    const uid = before?.status?.podUID;
    // The address is another Pod's, or nobody's: a further ADD finds none and waits.
    if (uid !== undefined && after?.status?.podUID !== uid) tornDown.forget(uid);
  });
  const controller = createController({
    name: 'static-address-report',
    clock,
    logger,
    concurrency: 8,
    watches: [
      watchOf(ips, ownKey),
      // A Pod that ends or goes away is what TornDown waits for.
      watchOf(pods, ({ before, after }) => [before, after].flatMap((pod) => addressesOf(pod?.metadata.uid))),
    ],
    reconcile: (key, { signal }) => reportStatic(deps, key, signal),
  });
  return {
    controller,
    changed: (uid) => {
      for (const name of addressesOf(uid)) controller.enqueue(name);
    },
  };
}
