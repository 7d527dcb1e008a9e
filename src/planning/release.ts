// Whether a Pod's sub-ENI may be released: the Pod has ended, and nothing can be using it any more (DESIGN, decision 2). Pure.

export interface ReleaseFacts {
  /** From the API itself, not from a cache: `gone` (no object of this uid), `ended` (Succeeded or Failed) or `alive`. */
  readonly pod: 'gone' | 'ended' | 'alive';
  /** What the agent reported, if it was for this Pod's uid. */
  readonly agent: 'wired' | 'torn-down' | 'silent';
  /** The instance in the cloud; `unknown` when nobody asked or the answer did not come. */
  readonly instance: 'running' | 'stopped' | 'gone' | 'unknown';
}

export type ReleaseDecision = { readonly kind: 'release' } | { readonly kind: 'wait'; readonly reason: string };

export function planRelease(facts: ReleaseFacts): ReleaseDecision {
  if (facts.pod === 'alive') return { kind: 'wait', reason: 'the Pod lives' };
  if (facts.agent === 'torn-down') return { kind: 'release' };
  if (facts.instance === 'gone' || facts.instance === 'stopped') return { kind: 'release' };
  return { kind: 'wait', reason: 'the node agent has not reported the Pod torn down, and the instance is not confirmed gone or stopped' };
}
