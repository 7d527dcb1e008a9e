// What this process has seen of the account's client tokens: the sentence that shows them not honoured, once there is one.
export interface TokenEvidence {
  notHonoured(): string | undefined;
  saw(evidence: string): void;
  onChange(listener: () => void): () => void;
}

/** Nothing seen. What was seen stays true for the process, since the second ENI is collected soon. */
export function createTokenEvidence(): TokenEvidence {
  let seen: string | undefined;
  const listeners = new Set<() => void>();
  return {
    notHonoured: () => seen,
    saw: (evidence) => {
      if (seen !== undefined) return;
      seen = evidence;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
