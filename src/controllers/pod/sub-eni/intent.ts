// The VpcENI object of a Pod's intent: named from its UID, found by its labels, kept by its finalizer.
import { finalizers, labels, MANAGED_BY, nameLabel } from '../../../api/keys.ts';
import type { VpcEni, VpcEniSpec } from '../../../api/vpc-eni.ts';
import { shortHash } from '../../../planning/eni-identity.ts';

/** The two documented labels (spec 002) and ours. Cluster-scoped, so that no ownerReference may point at the Pod. */
export function intentOf(name: string, spec: VpcEniSpec): VpcEni {
  return {
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcENI',
    metadata: {
      name,
      labels: {
        [labels.podName]: nameLabel(spec.pod?.name ?? '', shortHash),
        [labels.podNamespace]: spec.pod?.namespace ?? '',
        [labels.nodeName]: nameLabel(spec.nodeName, shortHash),
        [labels.managedBy]: MANAGED_BY,
      },
      finalizers: [finalizers.eni],
    },
    spec,
  };
}
