// What a hypervisor and a router know of the VPC: the simulator's read model, which the fabric turns into links, routes and rules.

export interface FabricEni {
  readonly eniId: string;
  readonly kind: 'primary' | 'secondary' | 'sub';
  /** Lower-case, colon separated. */
  readonly mac: string;
  /** Instance it is attached to; a sub-ENI names its trunk's instance. Null: attached to nothing, no port. */
  readonly instanceId: string | null;
  /** 0 = primary; device eth<index> in the guest. Null for a sub-ENI. */
  readonly deviceIndex: number | null;
  readonly trunkEniId: string | null;
  readonly vlanId: number | null;
  readonly subnetId: string;
  readonly subnetCidr: string;
  readonly gateway: string;
  /** Primary first. */
  readonly addresses: readonly string[];
  /** In order of priority; empty: the ENI is not filtered (GUESS of the facts, section 11). */
  readonly securityGroupIds: readonly string[];
}

/** One rule as the API stores it; `port` is ALL, 80, 8000-8010 or 80,443. */
export interface FabricRule {
  readonly protocol: 'TCP' | 'UDP' | 'ICMP' | 'ICMPV6' | 'GRE' | 'ALL';
  readonly port: string;
  readonly peer:
    | { readonly kind: 'cidr'; readonly cidr: string }
    | { readonly kind: 'cidr6'; readonly cidr: string }
    | { readonly kind: 'group'; readonly securityGroupId: string }
    | { readonly kind: 'any' };
  readonly action: 'ACCEPT' | 'DROP';
}

export interface FabricSecurityGroup {
  readonly securityGroupId: string;
  readonly ingress: readonly FabricRule[];
  readonly egress: readonly FabricRule[];
}

/** A public address that stands for a private one: what arrives for it goes there, what leaves from there carries it. */
export interface FabricEip {
  readonly addressId: string;
  readonly publicIp: string;
  readonly eniId: string;
  readonly privateIp: string;
  readonly bandwidthMbps: number;
}

/** How connections from one subnet to a range outside leave the VPC, by an enabled route of its table. */
export type FabricWayOut = {
  readonly subnetCidr: string;
  readonly destination: string;
} & (
  | { readonly kind: 'nat'; readonly natIp: string }
  /** By the sender's own EIP. */
  | { readonly kind: 'eip' }
);

export interface FabricSnapshot {
  /** Grows with every change. */
  readonly version: number;
  readonly enis: readonly FabricEni[];
  readonly securityGroups: readonly FabricSecurityGroup[];
  /** Those that are bound now; absent: none. */
  readonly eips?: readonly FabricEip[];
  /** Absent: no route leads out, so that only EIPs do. */
  readonly waysOut?: readonly FabricWayOut[];
}

/**
 * Level-triggered feed. After every change the simulator calls `changed`; before a synchronous answer about rules or
 * bindings leaves, and before an asynchronous task becomes SUCCESS, it awaits `settled(version)`, so that "the API said
 * done" means packets obey. With no fabric connected both are no-ops.
 */
export interface FabricSink {
  changed(snapshot: FabricSnapshot): void;
  settled(version: number): Promise<void>;
}
