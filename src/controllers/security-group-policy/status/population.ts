// Which Pods belong to which policy, kept from the caches change by change, and which policies a change concerns.
import { type AdmissionDecision, decodeAdmissionDecision } from '../../../api/admission-decision.ts';
import { annotations } from '../../../api/keys.ts';
import { keyOf } from '../../../kube/object-key.ts';
import { createPolicyIndex, type PolicyIndex } from '../../../planning/policy-index.ts';
import { projectPolicy } from '../../../planning/policy-view.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { WorkingPod } from '../../views.ts';

export interface Population {
  readonly index: PolicyIndex;
  /** What admission decided for a Pod. */
  decision(podKey: string): AdmissionDecision | undefined;
  /** Keys of the Pods that a policy selects now, or that admission counted in. */
  podsOf(policyKey: string): readonly string[];
}

type PopulationDeps = {
  readonly informers: Pick<IpamdDeps['informers'], 'pods' | 'policies' | 'serviceAccounts' | 'vpcEnis'>;
};

/** Starts from what the caches have. `changed` is told of each policy that a change concerns. The second value ends it. */
export function createPopulation(
  deps: PopulationDeps,
  changed: (policyKey: string) => void,
): { readonly population: Population; readonly stop: () => void } {
  const { pods, policies, serviceAccounts, vpcEnis } = deps.informers;
  const index = createPolicyIndex();
  const decisions = new Map<string, AdmissionDecision>();
  const admitted = new Map<string, Set<string>>();

  const concerned = (podKey: string): readonly string[] => [
    ...index.matching(podKey).map(keyOf),
    ...policyKeys(podKey, decisions.get(podKey)),
  ];
  const tell = (podKey: string): void => concerned(podKey).forEach(changed);
  const forget = (podKey: string): void => {
    for (const key of policyKeys(podKey, decisions.get(podKey))) {
      const own = admitted.get(key);
      own?.delete(podKey);
      if (own?.size === 0) admitted.delete(key);
    }
    decisions.delete(podKey);
    index.removePod(podKey);
  };
  const remember = (pod: WorkingPod): void => {
    const key = keyOf(pod);
    const read = decodeAdmissionDecision(pod.metadata.annotations);
    if (read.kind === 'decision') {
      decisions.set(key, read.decision);
      for (const policyKey of policyKeys(key, read.decision)) {
        const own = admitted.get(policyKey) ?? new Set();
        own.add(key);
        admitted.set(policyKey, own);
      }
    }
    const { namespace = '', labels } = pod.metadata;
    index.setPod({ key, namespace, labels: labels ?? NO_LABELS, serviceAccount: pod.serviceAccountName });
  };
  const onPod = (key: string, before: WorkingPod | undefined, after: WorkingPod | undefined): void => {
    if (after !== undefined && !after.ended && before !== undefined && !before.ended && same(before, after)) return;
    tell(key);
    forget(key);
    if (after === undefined || after.ended) return;
    remember(after);
    tell(key);
  };
  const onAccount = (namespace: string, name: string, labels: Record<string, string> | undefined): void => {
    index.setServiceAccount(namespace, name, labels);
    for (const policy of policies.list())
      if (policy.metadata.namespace === namespace && policy.spec.serviceAccountSelector !== undefined)
        changed(keyOf(policy));
  };

  for (const { metadata } of serviceAccounts.list())
    index.setServiceAccount(metadata.namespace ?? '', metadata.name, metadata.labels ?? {});
  for (const policy of policies.list()) index.setPolicy(projectPolicy(policy));
  for (const pod of pods.list()) if (!pod.ended) remember(pod);
  const stops = [
    serviceAccounts.onChange(({ before, after }) => {
      const { namespace = '', name = '' } = (after ?? before)?.metadata ?? {};
      onAccount(namespace, name, after === undefined ? undefined : (after.metadata.labels ?? {}));
    }),
    policies.onChange(({ key, after }) => {
      if (after === undefined) return index.removePolicy(key);
      index.setPolicy(projectPolicy(after));
      changed(key);
    }),
    pods.onChange(({ key, before, after }) => onPod(key, before, after)),
    vpcEnis.onChange(({ before, after }) => {
      const pod = (after ?? before)?.spec.pod;
      if (pod !== undefined) tell(`${pod.namespace}/${pod.name}`);
    }),
  ];
  return {
    population: {
      index,
      decision: (podKey) => decisions.get(podKey),
      podsOf: (policyKey) => [...new Set([...index.podsOf(policyKey), ...(admitted.get(policyKey) ?? [])])],
    },
    stop: () => stops.forEach((stop) => stop()),
  };
}

const NO_LABELS = {};

/** Of the policies that a decision names, in the Pod's namespace. */
const policyKeys = (podKey: string, decision: AdmissionDecision | undefined): readonly string[] =>
  decision?.policies.map(({ name }) => `${podKey.slice(0, podKey.indexOf('/'))}/${name}`) ?? [];

/** Nothing that a policy's status tells of a Pod differs. */
const same = (a: WorkingPod, b: WorkingPod): boolean =>
  a.metadata.labels === b.metadata.labels &&
  a.nodeName === b.nodeName &&
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  a.serviceAccountName === b.serviceAccountName &&
  a.metadata.annotations?.[annotations.admissionDecision] === b.metadata.annotations?.[annotations.admissionDecision];
