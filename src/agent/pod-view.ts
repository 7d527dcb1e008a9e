// The part of a Pod that the agent reads.
import { annotations } from '../api/keys.ts';
import { identityOf } from '../kube/identity.ts';
import type { Pod } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';
import { requestsExclusiveEni, usesExclusiveEni } from '../planning/exclusive-pod.ts';

/** Small on purpose: the agent keeps every Pod of its node in memory. */
export interface PodView extends KubeObject {
  readonly phase: NonNullable<Pod['status']>['phase'];
  /** Annotation `networks`; undefined when absent. */
  readonly networks: string | undefined;
  /** It asks for an exclusive ENI, by the annotation or by what admission counted. */
  readonly exclusive: boolean;
}

/** For the informer and for what an uncached GET gives. */
export function viewPod(pod: Pod): PodView {
  const { apiVersion, kind, metadata, spec, status } = pod;
  const requestsExclusive = requestsExclusiveEni(pod);
  const asked = { hostNetwork: spec.hostNetwork === true, ended: false, requestsExclusive };
  return {
    apiVersion,
    kind,
    metadata: identityOf(metadata),
    phase: status?.phase,
    networks: metadata.annotations?.[annotations.networks],
    exclusive: usesExclusiveEni({ ...asked, annotations: metadata.annotations ?? {} }),
  };
}

/** Succeeded and Failed are final: no container of it runs again. */
export const hasEnded = (pod: PodView): boolean => pod.phase === 'Succeeded' || pod.phase === 'Failed';
