// Which running Pods went past a policy that was in force when they were created, kept between the controller that finds them and the policy's status.
export interface MissedPods {
  /** Pods that missed the policy `namespace/name`. */
  count(policyKey: string): number;
  /** Called with the policy whose count changed. Answers how to stop. */
  onChange(handler: (policyKey: string) => void): () => void;
}

export interface MissedPodsMemory extends MissedPods {
  /** All policies that a Pod missed; none: it missed nothing, or is gone. */
  set(podKey: string, policyKeys: readonly string[]): void;
}

/** Empty at start; it is filled again from the watch. */
export function createMissedPods(): MissedPodsMemory {
  const byPod = new Map<string, readonly string[]>();
  const counts = new Map<string, number>();
  const handlers = new Set<(policyKey: string) => void>();
  return {
    count: (policyKey) => counts.get(policyKey) ?? 0,
    onChange: (handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    set: (podKey, policyKeys) => {
      const before = byPod.get(podKey) ?? [];
      const gone = before.filter((key) => !policyKeys.includes(key));
      const come = policyKeys.filter((key) => !before.includes(key));
      if (policyKeys.length === 0) byPod.delete(podKey);
      else byPod.set(podKey, policyKeys);
      for (const key of gone) add(key, -1);
      for (const key of come) add(key, 1);
      for (const key of [...gone, ...come]) for (const handler of handlers) handler(key);
    },
  };

  function add(key: string, step: number): void {
    const count = (counts.get(key) ?? 0) + step;
    if (count === 0) counts.delete(key);
    else counts.set(key, count);
  }
}
