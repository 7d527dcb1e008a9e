// How many calls per second each action may start with and grow to (facts of the cloud API, section 19).

export interface BudgetLimit {
  /** Calls per second at first; grown while calls wait and none is refused. */
  readonly start: number;
  /** Never more than this. */
  readonly max: number;
}

const documented = (perSecond: number): BudgetLimit => ({ start: perSecond, max: perSecond });

/** GUESS: nothing is published about the sub-ENI calls; begun in the middle, found out by trying. */
const SUB_ENI: BudgetLimit = { start: 40, max: 100 };

/** Documented for the four that change one and for the quota; GUESS for the others (facts of the cloud API, section 19). */
const EIP = documented(10);

/** For an action the table does not name. */
export const DEFAULT_LIMIT: BudgetLimit = documented(20);

/** Limits by action; an account's own figures go in front of these. */
export const documentedLimits: Readonly<Record<string, BudgetLimit>> = {
  CreateNetworkInterface: documented(100),
  AttachNetworkInterface: documented(50),
  DetachNetworkInterface: documented(50),
  DeleteNetworkInterface: documented(100),
  DescribeNetworkInterfaces: documented(100),
  DescribeNetworkInterfaceLimit: documented(20),
  DescribeSecurityGroups: documented(100),
  DescribeSubnets: documented(100),
  DescribeInstances: documented(40),
  DescribeVpcTaskResult: documented(100),
  AllocateAddresses: EIP,
  ReleaseAddresses: EIP,
  AssociateAddress: EIP,
  DisassociateAddress: EIP,
  DescribeAddresses: EIP,
  DescribeAddressQuota: EIP,
  ModifyAddressesBandwidth: EIP,
  CreateSubNetworkInterface: SUB_ENI,
  DeleteSubNetworkInterface: SUB_ENI,
  CheckNetworkInterfaceSecurityGroupReady: SUB_ENI,
};
