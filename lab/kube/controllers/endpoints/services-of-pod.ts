// Which Services a change of a Pod concerns, for watches of what stands behind Services.
import type { Pod } from '../../../../src/kube/resources.ts';
import type { InformerChange, ObjectKey } from '../../../../src/kube/types.ts';
import type { ControllerDeps } from '../deps.ts';

/** Services of the Pod's namespace that select it, before or after; none when nothing that endpoints tell has changed. */
export const servicesOfPod =
  ({ services }: Pick<ControllerDeps['informers'], 'services'>) =>
  ({ before, after }: InformerChange<Pod>): readonly ObjectKey[] => {
    const read = (pod: Pod | undefined): string =>
      JSON.stringify([
        pod?.metadata.uid,
        pod?.metadata.labels,
        pod?.metadata.deletionTimestamp !== undefined,
        pod?.spec.nodeName,
        pod?.status?.podIP,
        pod?.status?.phase,
        pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
      ]);
    if (read(before) === read(after)) return [];
    const namespace = (after ?? before)?.metadata.namespace ?? 'default';
    return services
      .byIndex('namespace', namespace)
      .filter((service) => {
        const selector = Object.entries(service.spec?.selector ?? {});
        const picks = (pod: Pod | undefined): boolean =>
          pod !== undefined && selector.every(([key, value]) => pod.metadata.labels?.[key] === value);
        return selector.length > 0 && (picks(before) || picks(after));
      })
      .map(({ metadata }) => `${namespace}/${metadata.name}`);
  };
