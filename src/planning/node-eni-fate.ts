// What is to become of a node's ENI: kept, left alone, unbound from an instance that is shut down, or removed (facts/tke.md 6.1, rule 8). Pure.

export interface NodeEniFacts {
  readonly nodeName: string;
  /** From the API itself when it says `gone`. */
  readonly node: 'present' | 'gone';
  /** Node annotation `disable-node-eni` (facts/tke.md 4.3). */
  readonly disabled: boolean;
  /** The instance that the ENI was made for, and the one behind the node now; absent while not known. */
  readonly madeFor: string | undefined;
  readonly nodeInstance: string | undefined;
  /** Of `madeFor`; `unknown` while nobody had a reason to ask. `gone` only when the ENI is not attached any more either. */
  readonly instance: 'running' | 'stopped' | 'gone' | 'unknown';
  /** Somebody deleted the object: a retired one, or by hand. */
  readonly deleted: boolean;
  /** Sub-ENIs that a trunk carries. */
  readonly subEnis: number;
  /** Addresses that the agent may still hand out or that it uses. */
  readonly addresses: number;
  /** Pods with shared addresses that the API still binds to the node. */
  readonly pods: number;
}

export type NodeEniFate =
  | { readonly kind: 'keep' }
  /** Nothing is done, and nothing undone. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'unbind'; readonly reason: string }
  | { readonly kind: 'remove'; readonly reason: string }
  /** It is to go, and something still stands on it. */
  | { readonly kind: 'wait'; readonly reason: string };

/** A trunk never goes before its sub-ENIs, and no ENI goes from under Pods that may still run on its instance. */
export function planNodeEniFate(facts: NodeEniFacts): NodeEniFate {
  const { nodeName, madeFor, nodeInstance } = facts;
  const carries: NodeEniFate = { kind: 'wait', reason: `it carries ${facts.subEnis} sub-ENIs` };
  const removed = (reason: string): NodeEniFate => (facts.subEnis > 0 ? carries : { kind: 'remove', reason });
  if (facts.node === 'gone') {
    const dead = facts.instance === 'gone' || facts.instance === 'stopped';
    if (facts.pods > 0 && !dead)
      return { kind: 'wait', reason: `node ${nodeName} is gone, ${facts.pods} of its Pods are not` };
    return removed(`node ${nodeName} is gone`);
  }
  if (facts.disabled) return { kind: 'leave' };
  if (madeFor !== undefined && nodeInstance !== undefined && madeFor !== nodeInstance)
    return removed(`node ${nodeName} is instance ${nodeInstance} now, not ${madeFor}`);
  if (facts.instance === 'gone') return removed(`instance ${madeFor ?? ''} of node ${nodeName} is gone`);
  if (facts.deleted) {
    if (facts.addresses > 0)
      return { kind: 'wait', reason: `${facts.addresses} of its addresses are not given back yet` };
    return removed('it is not needed any more');
  }
  if (facts.instance === 'stopped' && facts.subEnis === 0)
    return { kind: 'unbind', reason: `instance ${madeFor ?? ''} of node ${nodeName} is shut down` };
  return { kind: 'keep' };
}
