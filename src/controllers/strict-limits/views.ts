// Services and NetworkPolicies as ipamd keeps them in memory: which Pods they select, and what decides about strict routing.
import { compileSelector, type Labels } from '../../api/label-selector.ts';
import { identityOf } from '../../kube/identity.ts';
import type { NetworkPolicy, Service } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';

/** Names, version, selector, ports and how it is reached from outside. */
export function projectService({ metadata, spec = {} }: Service): Service {
  const { type, selector, ports, externalTrafficPolicy } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: identityOf(metadata),
    spec: {
      ...(type === undefined ? {} : { type }),
      ...(selector === undefined ? {} : { selector }),
      ...(ports === undefined ? {} : { ports }),
      ...(externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy }),
    },
  };
}

/** Reached from outside at the node that has the Pod alone (spec 002, Limit 4). */
export const isLocalService = ({ spec }: Service): boolean =>
  (spec?.type === 'NodePort' || spec?.type === 'LoadBalancer') && spec.externalTrafficPolicy === 'Local';

/** A Service without a selector selects nobody. */
export function serviceSelects({ spec }: Service, labels: Labels): boolean {
  const wanted = Object.entries(spec?.selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

export interface NetworkPolicyView extends KubeObject {
  readonly selects: (labels: Labels) => boolean;
}

/** An absent or empty selector selects every Pod of the namespace; one that cannot be read, none. */
export function projectNetworkPolicy({ metadata, spec }: NetworkPolicy): NetworkPolicyView {
  const compiled = compileSelector(spec?.podSelector ?? {});
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: identityOf(metadata),
    selects: compiled.ok ? compiled.matches : () => false,
  };
}
