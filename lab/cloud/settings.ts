// The knobs of the simulated cloud, with the values the lab starts from.

export interface CloudSettings {
  /** How long an asynchronous call takes, in milliseconds. */
  taskMs: number;
  /** How long a client token is remembered, in milliseconds (facts, section 7: GUESS 24 h). */
  clientTokenLifeMs: number;
  /** Milliseconds by action, instead of `taskMs`. */
  taskMsByAction: Readonly<Record<string, number>>;
  /** An instance attaches or detaches one ENI at a time, others get MutexOperationTaskRunning (GUESS: off, only the ENI is exclusive). */
  attachOneAtATime: boolean;
  /** AssociateNetworkInterfaceSecurityGroups adds to the groups (facts, section 8); false: it replaces them. */
  associateAppends: boolean;
  /** CreateSubNetworkInterface takes a subnet of another zone than its trunk's (GUESS: off). */
  subEniFollowsZone: boolean;
  /** Zones that sell nothing any more: new ENIs, sub-ENIs and addresses there are refused, what is there stays (GUESS). */
  closedZones: readonly string[];
  /** Secondary ENIs of a returned instance stay, detached, with their sub-ENIs (GUESS); false: they go with it. */
  returnKeepsEnis: boolean;
  /** VPCs of the region, subnets and route tables of a VPC, routes of a table (facts, section 18). */
  vpcQuota: number;
  subnetsPerVpc: number;
  routeTablesPerVpc: number;
  routesPerTable: number;
  /** NAT gateways of a VPC (GUESS). */
  natsPerVpc: number;
  /** `vpc-max-enis`, primary ones and sub-ENIs not counted (GUESS on figure and count). */
  enisPerVpc: number;
  /** `eni-max-private-ips`, of an ENI that is attached to nothing (GUESS on the figure). */
  unboundEniPrivateIps: number;
  /** Calls per second by action; an action that is not named is not limited. */
  rateLimits: Readonly<Record<string, number>>;
  /** Whether the account may call the sub-ENI actions; without it they answer InvalidAction (spec 002, Usage). */
  subEniAllowed: boolean;
  /** Whether the account's client tokens are honoured; without it they are accepted and ignored (spec 002, Usage). */
  clientTokenAllowed: boolean;
  /** New clusters of shared ENI with static IP start with Trunking ENI on, as after a ticket (spec 002, incremental clusters). */
  trunkingForNewClusters: boolean;
  /** A new ENI is shown by describe calls only after this long (eventual consistency). */
  readDelayMs: number;
  /** An ENI with no group passes everything (facts, section 11: GUESS); false: it drops everything. */
  noGroupIsOpen: boolean;
  /** How long a VLAN id rests after its sub-ENI is gone. */
  vlanRestMs: number;
  /** Groups of one ENI (facts, section 18: GUESS, as for instances). */
  groupsPerEni: number;
  /** Instances and ENIs of one security group (facts, section 18: 2000 instances; GUESS: secondary and sub-ENIs count like them). */
  membersPerGroup: number;
  /** Address and service templates of one kind, and their groups; entries of one template (GUESS, not in the facts). */
  templates: number;
  templateEntries: number;
  /** ModifyNetworkInterfaceAttribute sets groups of a primary ENI too (facts, section 21: GUESS); false: UnsupportedOperation. */
  primaryEniTakesGroups: boolean;
  /** Describe calls of vpc answer ResourceNotFound for an id that does not exist (facts, section 7: GUESS); false: they leave it out. */
  unknownIdIsNotFound: boolean;
  /** Rules of one direction after templates and groups are expanded (facts, section 18: the value was not found, GUESS). */
  expandedPolicyLimit: number;
  /** How long DescribeSecurityGroupExpandedPolicies answers the same (facts, section 7). */
  expandedPoliciesCacheMs: number;
  /** What MY_PUBLIC_IP in a rule stands for (facts, section 11). */
  myPublicIp: string;
  /** A group that only its own rules name is deleted (facts, section 6, command 11: GUESS, forced by the document). */
  selfReferenceLetsDelete: boolean;
  /** Deleting a rule that no rule equals is ResourceNotFound (facts, section 10: GUESS); false: it does nothing. */
  unmatchedRuleIsNotFound: boolean;
  /** The filter security-group-name compares exactly (facts, section 6: GUESS); false: it finds parts. */
  groupNameFilterIsExact: boolean;
  /** EIPs of the account in its region (facts, section 18: TOTAL_EIP_QUOTA). */
  eipTotalQuota: number;
  /** EIPs bought per day; a release gives nothing back (facts, section 18: DAILY_EIP_APPLY). */
  eipDailyApply: number;
  /** Ordinary public addresses given anew per day (facts, section 18: DAILY_PUBLIC_IP_ASSIGN). */
  publicIpDailyAssign: number;
  /** An EIP on an ENI that is attached is BIND (facts, section 17: GUESS); false: it is BIND_ENI, and BIND only through an instance. */
  attachedEniIsBind: boolean;
  /** CMCC, CTCC and CUCC need BANDWIDTH_PACKAGE (GUESS: off). */
  singleLineIspNeedsPackage: boolean;
  /** AssociateAddress on an instance with an ordinary public address refuses (facts, section 12: Chinese page); false: releases it. */
  normalPublicIpBlocksEip: boolean;
  /** Accounts of the old kind must send no charge type and no bandwidth (facts, section 12). */
  traditionalAccount: boolean;
}

/** What `startCloud` uses for each knob that is not given. */
export const defaultSettings: CloudSettings = {
  taskMs: 300,
  clientTokenLifeMs: 24 * 3_600_000,
  taskMsByAction: {},
  attachOneAtATime: false,
  associateAppends: true,
  subEniFollowsZone: false,
  closedZones: [],
  returnKeepsEnis: true,
  vpcQuota: 20,
  subnetsPerVpc: 100,
  routeTablesPerVpc: 10,
  routesPerTable: 50,
  natsPerVpc: 3,
  enisPerVpc: 10_000,
  unboundEniPrivateIps: 30,
  rateLimits: {},
  subEniAllowed: true,
  clientTokenAllowed: true,
  trunkingForNewClusters: false,
  readDelayMs: 0,
  noGroupIsOpen: true,
  vlanRestMs: 30_000,
  groupsPerEni: 5,
  membersPerGroup: 2000,
  templates: 1000,
  templateEntries: 200,
  primaryEniTakesGroups: true,
  unknownIdIsNotFound: true,
  expandedPolicyLimit: 2000,
  expandedPoliciesCacheMs: 60_000,
  myPublicIp: '203.0.113.7',
  selfReferenceLetsDelete: true,
  unmatchedRuleIsNotFound: true,
  groupNameFilterIsExact: true,
  eipTotalQuota: 20,
  eipDailyApply: 40,
  publicIpDailyAssign: 10,
  attachedEniIsBind: true,
  singleLineIspNeedsPackage: false,
  normalPublicIpBlocksEip: true,
  traditionalAccount: false,
};

/** Quotas of an account (facts, section 18). `groupsPerEni` is that of instances; ENIs have a setting. */
export const quotas = {
  securityGroups: 50,
  rulesPerDirection: 100,
  rulesNamingGroups: 10,
  groupsPerEni: 5,
  idsPerDescribe: 100,
  privateIpsPerCall: 10,
} as const;
