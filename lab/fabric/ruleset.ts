// The fabric's filters as data: what nftables is asked to hold, before it is written as text.

/** `table ip sg` apart from its fixed base chains. All names and elements are ready to print. */
export interface Ruleset {
  /** Private addresses of whatever is bound to a group, by set name. */
  readonly memberSets: ReadonlyMap<string, ReadonlySet<string>>;
  /** `"port" . address` pairs that may send. */
  readonly sources: ReadonlySet<string>;
  /** Rules of each group and direction, in order of priority, no final verdict; by chain name. */
  readonly groupChains: ReadonlyMap<string, readonly string[]>;
  /** One per distinct ordered list of groups and direction: jumps in order, then drop; by chain name. */
  readonly listChains: ReadonlyMap<string, readonly string[]>;
  /** Port to verdict, for packets that the port receives (`in`) and sends (`out`). */
  readonly verdicts: { readonly in: ReadonlyMap<string, string>; readonly out: ReadonlyMap<string, string> };
  /** Rules that are accepted but have no effect, in words. */
  readonly notes: readonly string[];
}

/** Seen from the ENI: `in` is ingress. */
export type Direction = 'in' | 'out';
