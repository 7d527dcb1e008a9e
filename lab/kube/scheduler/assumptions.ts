// Bindings that were sent but that the informer does not show yet: they count against their node all the same.
import type { LabPod } from '../kubelet/pod-view.ts';

export interface Assumptions {
  add(pod: LabPod, node: string): void;
  remove(pod: LabPod): void;
  has(pod: LabPod): boolean;
  /** Pods assumed to be on a node. */
  on(node: string): LabPod[];
  /** Drops those of which `isSettled` holds: the informer shows them bound, or gone. */
  forget(isSettled: (pod: LabPod) => boolean): void;
}

/** Empty at first; Pods are told apart by uid. */
export function createAssumptions(): Assumptions {
  const byUid = new Map<string, { readonly pod: LabPod; readonly node: string }>();
  const uidOf = (pod: LabPod): string => pod.metadata.uid ?? '';
  return {
    add: (pod, node) => void byUid.set(uidOf(pod), { pod, node }),
    remove: (pod) => void byUid.delete(uidOf(pod)),
    has: (pod) => byUid.has(uidOf(pod)),
    on: (node) => [...byUid.values()].filter((entry) => entry.node === node).map((entry) => entry.pod),
    forget: (isSettled) => {
      for (const [uid, entry] of byUid) if (isSettled(entry.pod)) byUid.delete(uid);
    },
  };
}
