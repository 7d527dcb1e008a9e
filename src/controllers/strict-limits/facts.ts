// What of ipamd's caches decides about the limits of strict routing, for Pods and for nodes.
import { isDeepStrictEqual } from 'node:util';
import { objectNames } from '../../api/keys.ts';
import type { VpcEni } from '../../api/vpc-eni.ts';
import type { ConfigMap } from '../../kube/resources.ts';
import { decodeMasqConfig, MASQ_CONFIG_MAP } from '../../planning/masq-config.ts';
import type { MasqState } from '../../planning/masq-findings.ts';
import type { MasqueradeFacts, StrictFacts } from '../../planning/strict-limits.ts';
import type { IpamdDeps } from '../deps.ts';
import type { WorkingPod } from '../views.ts';
import { isLocalService, serviceSelects } from './views.ts';

export type StrictLimitDeps = Pick<IpamdDeps, 'settings'> & {
  readonly informers: Pick<
    IpamdDeps['informers'],
    'pods' | 'vpcEnis' | 'nodeEniConfigs' | 'services' | 'networkPolicies' | 'masqAgent' | 'masqConfig'
  >;
};

const SYSTEM = objectNames.systemNamespace;

export const isStrictEni = ({ spec }: VpcEni): boolean => spec.type === 'SubENI' && spec.enforcingMode === 'strict';

export const strictIsWanted = ({ settings }: StrictLimitDeps): boolean =>
  settings.current()['vpcCni.trunkingEni.podSecurityGroupEnforcingMode'] === 'strict';

/** The node as its agent sees it. */
export const nodeFacts = ({ informers }: StrictLimitDeps, name: string): StrictFacts['nodes'][number] => ({
  name,
  routing: informers.nodeEniConfigs.get(name)?.status?.node?.routing,
});

/** `namespace/name` of what selects one of the Pods, each once; and which of them ask for ports of their node. */
export function selectors(
  { informers }: StrictLimitDeps,
  pods: readonly WorkingPod[],
): Pick<StrictFacts, 'networkPolicies' | 'localServices' | 'hostPorts'> {
  const byNamespace = new Map<string, WorkingPod[]>();
  for (const pod of pods) {
    const namespace = pod.metadata.namespace ?? '';
    const known = byNamespace.get(namespace);
    if (known === undefined) byNamespace.set(namespace, [pod]);
    else known.push(pod);
  }
  const found = { networkPolicies: new Array<string>(), localServices: new Array<string>() };
  for (const [namespace, members] of byNamespace) {
    const some = (selects: (labels: Record<string, string>) => boolean): boolean =>
      members.some(({ metadata }) => selects(metadata.labels ?? {}));
    for (const policy of informers.networkPolicies.byIndex('namespace', namespace))
      if (some(policy.selects)) found.networkPolicies.push(`${namespace}/${policy.metadata.name}`);
    for (const service of informers.services.byIndex('namespace', namespace))
      if (isLocalService(service) && some((labels) => serviceSelects(service, labels)))
        found.localServices.push(`${namespace}/${service.metadata.name}`);
  }
  const hostPorts = pods.flatMap(({ metadata: { namespace, name }, listens }) =>
    listens.hostPorts === undefined ? [] : [`${namespace}/${name} (${listens.hostPorts.join(', ')})`],
  );
  return { ...found, hostPorts };
}

/** `sources`: addresses of the Pods. */
export function masqueradeFacts({ informers }: StrictLimitDeps, sources: readonly string[]): MasqueradeFacts {
  if (informers.masqAgent.get(`${SYSTEM}/${objectNames.masq}`) === undefined) return { kind: 'absent' };
  const state = readMasqConfig(informers.masqConfig.get(MASQ_CONFIG_MAP));
  return state.kind === 'configured' ? { ...state, sources } : state;
}

/** What an ip-masq-agent that is installed has of the ConfigMap; without one it works with its defaults (facts/tke.md 9). */
export function readMasqConfig(map: ConfigMap | undefined): Exclude<MasqState, { readonly kind: 'absent' }> {
  const decoded = decodeMasqConfig(map?.data?.['config'] ?? '');
  return decoded.kind === 'invalid'
    ? { kind: 'unreadable', why: decoded.errors.join('; ') }
    : { kind: 'configured', config: decoded.config };
}

export const addressesOf = (eni: VpcEni): readonly string[] => (eni.status?.eni?.addresses ?? []).map(({ ip }) => ip);

/** Whether a change of a ConfigMap says something new. */
export const saysTheSame = (a: ConfigMap | undefined, b: ConfigMap | undefined): boolean =>
  isDeepStrictEqual(a?.data, b?.data);
