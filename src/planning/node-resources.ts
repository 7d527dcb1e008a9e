// What a node offers the scheduler, from what stands on it. Pure.

export interface NodeResourceFacts {
  /** Quantities that the node shows now. */
  readonly published: {
    readonly subEni: string | undefined;
    readonly eniIp: string | undefined;
    readonly directEni: string | undefined;
    readonly eip: string | undefined;
  };
  /** Its agent serves. */
  readonly agentReady: boolean;
  /** Its agent can make links of sub-ENIs. */
  readonly hasLinks: boolean;
  readonly subEniQuota: number;
  /** Absent: ordinary Pods do not share addresses in this cluster. */
  readonly eniIpQuota: number | undefined;
  /** Absent: not known yet. */
  readonly eipQuota: number | undefined;
  /** Attached and in order. */
  readonly hasTrunk: boolean;
  readonly hasEni: boolean;
}

/** Undefined: nothing is said. Nothing is said while an ENI is on its way: a zero now would read as `this node takes none`. */
export function planNodeResources(facts: NodeResourceFacts): {
  readonly subEni: string | undefined;
  readonly eniIp: string | undefined;
  /** Never more than 0 (ADR 0025), and said as soon as anything else is, or when somebody else has offered some. */
  readonly directEni: '0' | undefined;
  /** Waits for the agent alone: the Pod's other resource waits for its ENI. */
  readonly eip: string | undefined;
} {
  const { published, agentReady, eniIpQuota } = facts;
  const quantity = (usable: boolean, quota: number, known: string | undefined): string | undefined =>
    !usable && quota > 0 && known === undefined ? undefined : String(usable ? quota : 0);
  const canLink = agentReady && facts.hasLinks && facts.hasTrunk;
  const subEni = quantity(canLink, facts.subEniQuota, published.subEni);
  const withdrawn = published.eniIp === undefined ? undefined : '0';
  const eniIp =
    eniIpQuota === undefined ? withdrawn : quantity(agentReady && facts.hasEni, eniIpQuota, published.eniIp);
  const speaks = subEni !== undefined || eniIp !== undefined || published.directEni !== undefined;
  const eip = facts.eipQuota === undefined ? published.eip : quantity(agentReady, facts.eipQuota, published.eip);
  return { subEni, eniIp, directEni: speaks ? '0' : undefined, eip };
}
