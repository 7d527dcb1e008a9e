// What a node offers the scheduler, from what stands on it. Pure.

export interface NodeResourceFacts {
  /** Quantities that the node shows now. */
  readonly published: { readonly subEni: string | undefined; readonly eniIp: string | undefined };
  /** Its agent serves. */
  readonly agentReady: boolean;
  /** Its agent can make links of sub-ENIs. */
  readonly hasLinks: boolean;
  readonly subEniQuota: number;
  /** Absent: ordinary Pods do not share addresses in this cluster. */
  readonly eniIpQuota: number | undefined;
  /** Attached and in order. */
  readonly hasTrunk: boolean;
  readonly hasEni: boolean;
}

/** Undefined: nothing is said. Nothing is said while an ENI is on its way: a zero now would read as `this node takes none`. */
export function planNodeResources(facts: NodeResourceFacts): {
  readonly subEni: string | undefined;
  readonly eniIp: string | undefined;
} {
  const { published, agentReady, eniIpQuota } = facts;
  const quantity = (usable: boolean, quota: number, known: string | undefined): string | undefined =>
    !usable && quota > 0 && known === undefined ? undefined : String(usable ? quota : 0);
  const canLink = agentReady && facts.hasLinks && facts.hasTrunk;
  return {
    subEni: quantity(canLink, facts.subEniQuota, published.subEni),
    eniIp:
      eniIpQuota === undefined
        ? published.eniIp === undefined
          ? undefined
          : '0'
        : quantity(agentReady && facts.hasEni, eniIpQuota, published.eniIp),
  };
}
