// What of ipamd's caches decides about SNAT: the configuration of ip-masq-agent, and the Pods of a node with their addresses.
import { annotations, objectNames } from '../../api/keys.ts';
import type { ConfigMap } from '../../kube/resources.ts';
import { MASQ_CONFIG_MAP } from '../../planning/masq-config.ts';
import type { MasqPod, MasqState } from '../../planning/masq-findings.ts';
import type { IpamdDeps } from '../deps.ts';
import { isStrictEni, readMasqConfig } from '../strict-limits/facts.ts';
import type { WorkingPod } from '../views.ts';

export type MasqDeps = {
  readonly informers: Pick<IpamdDeps['informers'], 'pods' | 'vpcEnis' | 'nodeEniConfigs' | 'masqAgent' | 'masqConfig'>;
};

const AGENT = `${objectNames.systemNamespace}/${objectNames.masq}`;

export const masqConfigMap = ({ informers }: MasqDeps): ConfigMap | undefined =>
  informers.masqConfig.get(MASQ_CONFIG_MAP);

/** Decodes once for each version of the ConfigMap, since every node asks. */
export function masqStateReader(deps: MasqDeps): () => MasqState {
  let last: { readonly map: ConfigMap | undefined; readonly state: MasqState } | undefined;
  return () => {
    if (deps.informers.masqAgent.get(AGENT) === undefined) return { kind: 'absent' };
    const map = masqConfigMap(deps);
    if (last === undefined || last.map !== map) last = { map, state: readMasqConfig(map) };
    return last.state;
  };
}

/** Those with an address of their own. */
export function masqPods(deps: MasqDeps, nodeName: string): readonly MasqPod[] {
  return deps.informers.pods.byIndex('node', nodeName).flatMap((pod) => masqPod(deps, pod) ?? []);
}

function masqPod({ informers }: MasqDeps, pod: WorkingPod): MasqPod | undefined {
  const { podIp, hostNetwork, ended, metadata } = pod;
  if (podIp === undefined || hostNetwork || ended) return undefined;
  const eni = informers.vpcEnis.get(`sub-${metadata.uid}`);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    address: podIp,
    ...eipMarks(pod),
    strict: eni !== undefined && isStrictEni(eni),
  };
}

export function eipMarks({ metadata }: WorkingPod): Pick<MasqPod, 'hasEip' | 'asksEip'> {
  const marks = metadata.annotations ?? {};
  return {
    hasEip: (marks[annotations.eipPublicIp] ?? '') !== '',
    asksEip: marks[annotations.eipAttributes] !== undefined || marks[annotations.eipIdList] !== undefined,
  };
}
