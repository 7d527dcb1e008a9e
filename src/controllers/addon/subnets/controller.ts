// Publishes the container subnets with their free addresses for the scheduler extender and the webhook, in static IP mode.
import { labels, MANAGED_BY, objectNames } from '../../../api/keys.ts';
import { encodeSubnetReport } from '../../../api/subnet-report.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/api-error.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import { type ConfigMap, configMaps } from '../../../kube/resources.ts';
import type { Controller } from '../../../kube/types.ts';
import { nodeSubnetIds } from '../../../planning/subnet-choice.ts';
import type { IpamdDeps } from '../../deps.ts';

export type SubnetReportDeps = Pick<IpamdDeps, 'client' | 'clock' | 'logger' | 'settings' | 'subnets'> & {
  readonly informers: Pick<IpamdDeps['informers'], 'nodes' | 'nodeEniConfigs'>;
};

/** The subnet cache describes at most once a minute, however often it is asked. */
const LOOK_AGAIN_MS = 20_000;

/** Writes only what changed; in the other mode it leaves what is there alone. */
export function createSubnetReport(deps: SubnetReportDeps): Controller {
  const { clock, logger, settings, subnets } = deps;
  return createController({
    name: 'addon.subnets',
    clock,
    logger,
    watches: [
      watchOf(deps.informers.nodes, ({ before, after }) =>
        before?.metadata.labels?.[labels.routeEniSubnetIds] === after?.metadata.labels?.[labels.routeEniSubnetIds]
          ? []
          : [objectNames.subnets],
      ),
    ],
    sources: [
      (enqueue, signal) => {
        enqueue(objectNames.subnets);
        const stop = settings.onChange(() => enqueue(objectNames.subnets));
        signal.addEventListener('abort', stop, { once: true });
      },
    ],
    reconcile: async (_name, { signal }) => {
      const { 'vpcCni.ipMode': mode, subnetIds } = settings.current();
      if (mode !== 'static') return undefined;
      const known = await subnets.get(wantedSubnets(deps, subnetIds), signal);
      const report = new Map(
        known.map(({ subnetId, zone, cidr, availableIpCount }) => [
          subnetId,
          { zone, cidr, available: availableIpCount, container: subnetIds.includes(subnetId) },
        ]),
      );
      await write(deps, encodeSubnetReport(report), signal);
      return { requeueAfterMs: LOOK_AGAIN_MS };
    },
  });
}

/** The container subnets, those that nodes name for themselves, and those in which nodes have ENIs. */
function wantedSubnets({ informers }: SubnetReportDeps, containerIds: readonly string[]): readonly string[] {
  const named = informers.nodes.list().flatMap(({ metadata }) => nodeSubnetIds(metadata.labels ?? {}, []));
  const used = informers.nodeEniConfigs
    .list()
    .flatMap(({ status }) => (status?.eniInfos ?? []).map(({ subnetID }) => subnetID));
  return [...new Set([...containerIds, ...named, ...used])].sort();
}

async function write(
  { client }: SubnetReportDeps,
  data: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const namespace = objectNames.systemNamespace;
  const before = await client.get(configMaps, objectNames.subnets, { namespace, signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (before !== undefined && JSON.stringify(before.data ?? {}) === JSON.stringify(data)) return;
  const object: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: before?.metadata ?? { name: objectNames.subnets, namespace, labels: { [labels.managedBy]: MANAGED_BY } },
    data: { ...data },
  };
  if (before !== undefined) {
    await client.replace(configMaps, object, { namespace, signal });
    return;
  }
  await client.create(configMaps, object, { namespace, signal }).catch((error: unknown) => {
    // Made meanwhile: the next look compares.
    if (!isAlreadyExists(error)) throw error;
  });
}
