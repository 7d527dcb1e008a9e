// Which policies match which Pods, kept up to date change by change: a change of one object costs what concerns it, not the whole cluster. Pure.
import type { Labels } from '../api/label-selector.ts';
import { byCreationThenName, selects } from './match-policies.ts';
import type { PolicyView } from './policy-view.ts';

/** What of a Pod decides which policies match it. */
export interface IndexedPod {
  /** namespace/name. */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly serviceAccount: string;
}

export interface PolicyIndex {
  setPolicy(policy: PolicyView): void;
  removePolicy(key: string): void;
  setPod(pod: IndexedPod): void;
  removePod(key: string): void;
  /** `undefined`: there is no such ServiceAccount; its labels count as none. */
  setServiceAccount(namespace: string, name: string, labels: Labels | undefined): void;
  /** The policies that match a Pod now, in the order in which their groups are united. Empty for a Pod that is not known. */
  matching(podKey: string): readonly PolicyView[];
  /** Keys of the Pods that a policy selects now. */
  podsOf(policyKey: string): readonly string[];
  /** The policy as it was set last. */
  policy(policyKey: string): PolicyView | undefined;
}

/** Pods of one template: what matches one matches all. */
interface PodClass {
  readonly key: string;
  readonly labels: Labels;
  readonly serviceAccount: string;
  readonly pods: Set<string>;
  matching: Set<string>;
}

interface NamespaceState {
  readonly policies: Map<string, PolicyView>;
  readonly accounts: Map<string, Labels>;
  readonly classes: Map<string, PodClass>;
  readonly classOf: Map<string, PodClass>;
}

const NONE: Labels = {};

/** Empty. A policy that cannot be read selects nobody here: admission refuses the Pods of its namespace meanwhile. */
export function createPolicyIndex(): PolicyIndex {
  const namespaces = new Map<string, NamespaceState>();
  const classKeys = new WeakMap<Labels, string>();

  const stateOf = (namespace: string): NamespaceState => {
    const known = namespaces.get(namespace);
    if (known !== undefined) return known;
    const made: NamespaceState = {
      policies: new Map(),
      accounts: new Map(),
      classes: new Map(),
      classOf: new Map(),
    };
    namespaces.set(namespace, made);
    return made;
  };
  const known = (key: string): NamespaceState | undefined => namespaces.get(key.slice(0, key.indexOf('/')));
  // Labels are shared by the Pods of a template, so their text is made once.
  const classKey = ({ labels, serviceAccount }: IndexedPod): string => {
    let text = classKeys.get(labels);
    if (text === undefined) {
      text = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      classKeys.set(labels, text);
    }
    return `${serviceAccount} ${text}`;
  };
  const matches = (state: NamespaceState, policy: PolicyView, { labels, serviceAccount }: PodClass): boolean =>
    selects(policy, labels, state.accounts.get(serviceAccount) ?? NONE);
  const judge = (state: NamespaceState, each: PodClass): void => {
    each.matching = new Set(
      [...state.policies].flatMap(([key, policy]) => (matches(state, policy, each) ? [key] : [])),
    );
  };
  const leave = (state: NamespaceState, podKey: string): void => {
    const former = state.classOf.get(podKey);
    former?.pods.delete(podKey);
    state.classOf.delete(podKey);
    if (former?.pods.size === 0) state.classes.delete(former.key);
  };

  return {
    setPolicy: (policy) => {
      const { namespace = '', name } = policy.metadata;
      const key = `${namespace}/${name}`;
      const state = stateOf(namespace);
      state.policies.set(key, policy);
      for (const each of state.classes.values())
        if (matches(state, policy, each)) each.matching.add(key);
        else each.matching.delete(key);
    },
    removePolicy: (key) => {
      const state = known(key);
      if (state?.policies.delete(key) !== true) return;
      for (const each of state.classes.values()) each.matching.delete(key);
    },
    setPod: (pod) => {
      const state = stateOf(pod.namespace);
      const text = classKey(pod);
      const former = state.classOf.get(pod.key);
      let own = state.classes.get(text);
      if (own !== undefined && own === former) return;
      if (former !== undefined) leave(state, pod.key);
      if (own === undefined) {
        own = {
          key: text,
          labels: pod.labels,
          serviceAccount: pod.serviceAccount,
          pods: new Set(),
          matching: new Set(),
        };
        judge(state, own);
        state.classes.set(text, own);
      }
      own.pods.add(pod.key);
      state.classOf.set(pod.key, own);
    },
    removePod: (key) => {
      const state = known(key);
      if (state !== undefined) leave(state, key);
    },
    setServiceAccount: (namespace, name, labels) => {
      const state = stateOf(namespace);
      if (labels === undefined) state.accounts.delete(name);
      else state.accounts.set(name, labels);
      for (const each of state.classes.values()) if (each.serviceAccount === name) judge(state, each);
    },
    matching: (podKey) => {
      const state = known(podKey);
      const keys = state?.classOf.get(podKey)?.matching ?? new Set();
      return [...keys].flatMap((key) => state?.policies.get(key) ?? []).toSorted(byCreationThenName);
    },
    podsOf: (policyKey) => {
      const classes = known(policyKey)?.classes.values() ?? [];
      return [...classes].flatMap((each) => (each.matching.has(policyKey) ? [...each.pods] : []));
    },
    policy: (policyKey) => known(policyKey)?.policies.get(policyKey),
  };
}
