// Puts changes of the groups of running Pods into force on their sub-ENIs: those of policies in Live mode, and the repair of drift where it is wanted.
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import type { Controller, InformerChange } from '../../../kube/types.ts';
import { sameGroups } from '../../../planning/group-sync.ts';
import { isChanging } from '../../../planning/live-change.ts';
import { isMarked } from '../../adoption/foreign-install.ts';
import type { IpamdDeps } from '../../deps.ts';
import { applyGroups, type GroupsDeps, type Purpose } from './apply.ts';
import type { InPlacePermission } from './in-place-permission.ts';

/** Few at once: the rate is the policy's, and creating calls go before. */
const CONCURRENCY = 16;

/** What is begun is recorded in the object before: a successor goes on with it. */
export function createVpcEniGroups(common: IpamdDeps, inPlace: InPlacePermission): Controller {
  const { informers, clock, logger } = common;
  const deps: GroupsDeps = { ...common, inPlace };
  const purposeOf = (eni: VpcEni): Purpose | undefined => {
    if (eni.spec.type !== 'SubENI' || eni.status?.phase !== 'Ready' || eni.status.eni === undefined) return undefined;
    if (eni.metadata.deletionTimestamp !== undefined || !isMarked(eni)) return undefined;
    if (isChanging(eni)) return 'live';
    const repairs = deps.settings.current()['vpcCni.trunkingEni.securityGroupDrift'] === 'repair';
    return repairs && !sameGroups(eni.status.eni.securityGroups, eni.spec.securityGroups) ? 'repair' : undefined;
  };
  const concerned = (change: InformerChange<VpcEni>): string[] =>
    change.after !== undefined && purposeOf(change.after) !== undefined ? [change.key] : [];
  return createController({
    name: 'vpc-eni.groups',
    clock,
    logger,
    concurrency: CONCURRENCY,
    watches: [watchOf(informers.vpcEnis, concerned)],
    sources: [
      (enqueue, signal) => {
        const everyone = (): void => {
          for (const eni of informers.vpcEnis.list()) if (purposeOf(eni) !== undefined) enqueue(eni.metadata.name);
        };
        const stops = [
          deps.watcher.onChange((eniId) => {
            for (const eni of informers.vpcEnis.byIndex('eni', eniId))
              if (purposeOf(eni) !== undefined) enqueue(eni.metadata.name);
          }),
          deps.settings.onChange(everyone),
          inPlace.onChange(() => {
            if (inPlace.state() === 'granted') everyone();
          }),
        ];
        signal.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
      },
    ],
    reconcile: async (name, context) => {
      const eni = deps.enis.latest(name);
      const purpose = eni === undefined ? undefined : purposeOf(eni);
      if (eni === undefined || purpose === undefined) return undefined;
      return applyGroups(deps, eni, eni.status?.eni?.eniID ?? '', purpose, context);
    },
  });
}
