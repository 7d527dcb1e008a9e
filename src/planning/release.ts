// Whether a Pod's sub-ENI may be released: the Pod has ended, and nothing can be using it any more (DESIGN, decision 2). Pure.

export interface ReleaseFacts {
  /** From the API itself, not from a cache: `gone` (no object of this uid), `ended` (Succeeded or Failed) or `alive`. */
  readonly pod: 'gone' | 'ended' | 'alive';
  /** What the agent reported for this Pod's uid; `never-told`: no ENI was ever recorded, so that there was nothing to wire. */
  readonly agent: 'wired' | 'torn-down' | 'silent' | 'never-told';
  /** The instance in the cloud; `unknown` when nobody asked or the answer did not come. */
  readonly instance: 'running' | 'stopped' | 'gone' | 'unknown';
}

export type ReleaseDecision = { readonly kind: 'release' } | { readonly kind: 'wait'; readonly reason: string };

/** Never `release` while the Pod lives, nor while it may still be wired on an instance that may run. */
export function planRelease(facts: ReleaseFacts): ReleaseDecision {
  if (facts.pod === 'alive') return { kind: 'wait', reason: 'the Pod lives' };
  if (facts.agent === 'torn-down' || facts.agent === 'never-told') return { kind: 'release' };
  if (facts.instance === 'gone' || facts.instance === 'stopped') return { kind: 'release' };
  return {
    kind: 'wait',
    reason: 'the node agent has not reported the Pod torn down, and the instance is not confirmed gone or stopped',
  };
}
