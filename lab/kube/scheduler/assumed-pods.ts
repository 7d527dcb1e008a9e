// Pods that were bound but that the watch has not yet shown as bound, so that two Pods in a row do not share one place.
import type { InformerChange } from '../../../src/kube/types.ts';
import { podKey } from '../kubelet/pod-view.ts';
import type { LabPod } from '../kubelet/pod-view.ts';

export interface AssumedPods {
  add(pod: LabPod, node: string): void;
  forget(pod: LabPod): void;
  has(pod: LabPod): boolean;
  /** Pods assumed on this node, as their last known objects. */
  onNode(node: string): readonly LabPod[];
  /** Forgets a Pod once the watch shows it bound, gone, or made anew under its name. */
  observe(change: InformerChange<LabPod>): void;
}

export function createAssumedPods(): AssumedPods {
  const assumed = new Map<string, { readonly pod: LabPod; readonly node: string }>();
  return {
    add: (pod, node) => void assumed.set(podKey(pod), { pod, node }),
    forget: (pod) => void assumed.delete(podKey(pod)),
    has: (pod) => assumed.get(podKey(pod))?.pod.metadata.uid === pod.metadata.uid,
    onNode: (node) => [...assumed.values()].filter((entry) => entry.node === node).map(({ pod }) => pod),
    observe: ({ key, after }) => {
      const entry = assumed.get(key);
      if (entry === undefined) return;
      const isSame = after !== undefined && after.metadata.uid === entry.pod.metadata.uid;
      if (!isSame || (after.spec.nodeName ?? '') !== '') assumed.delete(key);
    },
  };
}
