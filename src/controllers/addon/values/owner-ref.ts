// Since when kept addresses are released with their workload: recorded on the add-on values when the switch is first seen on (spec 004, cascade).
import { annotations, objectNames } from '../../../api/keys.ts';
import { gate } from '../../../api/version-gates.ts';
import { configMaps } from '../../../kube/resources.ts';
import type { ConfigMap } from '../../../kube/resources.ts';
import type { ReconcileContext } from '../../../kube/types.ts';
import type { IpamdDeps } from '../../deps.ts';
import { deployedVersion } from '../../node/security-groups/version.ts';

type Deps = Pick<IpamdDeps, 'client' | 'clock' | 'flags' | 'recorder' | 'version'>;

/** A flag wins over the value (ADR 0012). Switched off, the record goes: only workloads made after the next time it is on are owners. */
export async function recordOwnerRef(
  deps: Deps,
  map: ConfigMap,
  value: boolean,
  { log, signal }: Pick<ReconcileContext, 'log' | 'signal'>,
): Promise<void> {
  const wanted = deps.flags.enableOwnerRef ?? value;
  const recorded = map.metadata.annotations?.[annotations.ownerRefSince];
  if (wanted === (recorded !== undefined)) return;
  if (wanted) {
    const closed = await closedByVersion(deps, signal);
    if (closed !== undefined) {
      const message = `--enable-ownerref has no effect: ${closed}`;
      log.error({ problem: message }, 'release with the workload is not switched on');
      deps.recorder.record({ regarding: map, type: 'Warning', reason: 'OwnerRefNotSupported', message });
      return;
    }
  }
  const { systemNamespace: namespace, addonValues: name } = objectNames;
  const since = wanted ? deps.clock.now().toISOString() : null;
  const body = { metadata: { annotations: { [annotations.ownerRefSince]: since } } };
  await deps.client.patch(configMaps, name, { type: 'merge', body }, { namespace, signal });
}

/** The version is the image tag of the Deployment, as the document has it read (spec 004). */
async function closedByVersion({ client, version }: Deps, signal: AbortSignal): Promise<string | undefined> {
  const answer = gate('eipCascadeReclaim', (await deployedVersion(client, signal)) ?? version);
  return answer.open ? undefined : answer.reason;
}
