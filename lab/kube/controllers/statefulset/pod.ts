// The Pod of an ordinal: a name, a host name and labels that stay over its lives. Pure.
import type { Pod } from '../../../../src/kube/resources.ts';
import { templateOf } from '../revisions/history.ts';
import type { ControllerRevision } from '../revisions/view.ts';
import { podFrom } from '../ownership.ts';
import { podName, REVISION_LABEL } from './view.ts';
import type { StatefulSet } from './view.ts';

const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const INDEX_LABEL = 'apps.kubernetes.io/pod-index';

const identityLabels = (set: StatefulSet, ordinal: number): Record<string, string> => ({
  [NAME_LABEL]: podName(set, ordinal),
  [INDEX_LABEL]: String(ordinal),
});

/** Pod `ordinal` as `revision` has it. */
export function podOf(set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod {
  const pod = podFrom(set, templateOf(revision));
  const name = podName(set, ordinal);
  const { generateName: _generated, ...metadata } = pod.metadata;
  const subdomain = set.spec.serviceName ?? '';
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        ...identityLabels(set, ordinal),
        [REVISION_LABEL]: revision.metadata.name,
      },
    },
    spec: { ...pod.spec, hostname: name, ...(subdomain === '' ? {} : { subdomain }) } as Pod['spec'],
  };
}

/** The labels that a Pod of the set has lost, or `undefined` when it has them all. */
export function missingIdentity(set: StatefulSet, ordinal: number, pod: Pod): Record<string, string> | undefined {
  const wanted = Object.entries(identityLabels(set, ordinal)).filter(
    ([key, value]) => pod.metadata.labels?.[key] !== value,
  );
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}
