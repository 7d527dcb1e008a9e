// Whether Pods should keep away from a node for want of shared addresses: its taint and its condition (facts/tke.md 4.5). Pure.

export interface NodeMarkFacts {
  /** Its agent serves. */
  readonly agentReady: boolean;
  /** `eni-ip` as the node shows it; absent while nothing was published. */
  readonly offered: string | undefined;
  /** Ordinary Pods share addresses in this cluster. */
  readonly shared: boolean;
  /** Absent while the pool is not known. */
  readonly pool: { readonly pods: number; readonly bound: number; readonly quota: number } | undefined;
  /** Why no further address can be bound; absent when nothing is in the way. */
  readonly obstacle: string | undefined;
}

/** The VPC-CNI parts of the node are ready: it can serve the Pods of this cluster's mode. */
export function canServe({ agentReady, offered, shared }: NodeMarkFacts): boolean {
  return agentReady && (!shared || Number(offered ?? 0) > 0);
}

export type Exhaustion =
  | { readonly exhausted: false; readonly message: string }
  | { readonly exhausted: true; readonly message: string };

/** No address is free, and none can be had: the node is full, or something is in the way of binding more. */
export function addressesExhausted({ pool, obstacle }: NodeMarkFacts): Exhaustion {
  if (pool === undefined) return { exhausted: false, message: 'the shared addresses of the node are not known yet' };
  const { pods, bound, quota } = pool;
  const count = `${pods} Pods, ${bound} addresses bound, at most ${quota}`;
  if (pods < bound) return { exhausted: false, message: `addresses are free: ${count}` };
  if (bound >= quota) return { exhausted: true, message: `every address is taken: ${count}` };
  if (obstacle !== undefined)
    return { exhausted: true, message: `no address is free, and none can be bound: ${obstacle}` };
  return { exhausted: false, message: `further addresses are being bound: ${count}` };
}

/** `leave`: the taint is as it should be. Without its flag it is only ever taken away, from nodes that were born with it. */
export function planTaint(facts: NodeMarkFacts, has: boolean, flag: boolean): 'set' | 'remove' | 'leave' {
  const serves = canServe(facts) && !(flag && addressesExhausted(facts).exhausted);
  if (has) return serves ? 'remove' : 'leave';
  return flag && canServe(facts) && !serves ? 'set' : 'leave';
}
