// The flags of ipamd that decide what it does to nodes, as its controllers are given them.

/** `undefined`: the flag was not given, and the add-on value or the default decides. */
export interface PolicyFlags {
  /** `--enable-security-groups` (spec 000). */
  readonly enableSecurityGroups: boolean | undefined;
  /** `--security-groups`, in order of priority; an empty list means: inherit from the instance (spec 000). */
  readonly securityGroups: readonly string[] | undefined;
  /** `--replace-security-groups-in-place`, ours: one ModifyNetworkInterfaceAttribute instead of Associate and Disassociate. */
  readonly replaceSecurityGroupsInPlace: boolean;
  /** `--ip-min-warm-target` and `--ip-max-warm-target` (facts/tke.md 5.1). */
  readonly ipMinWarmTarget: number | undefined;
  readonly ipMaxWarmTarget: number | undefined;
  /** `--enable-node-taint` and `--enable-node-condition` (facts/tke.md 4.5). */
  readonly enableNodeTaint: boolean;
  readonly enableNodeCondition: boolean;
  /** `--claim-expired-duration`, in milliseconds (spec 004, expiry). */
  readonly claimExpiredMs: number | undefined;
  /** `--enable-ownerref` (spec 004, cascade). */
  readonly enableOwnerRef: boolean | undefined;
  /** `--only-nominated-eni-subnets` (facts/tke.md 5.1). */
  readonly onlyNominatedEniSubnets: boolean;
}

/** What ipamd does when no flag is given. */
export const noPolicyFlags: PolicyFlags = {
  enableSecurityGroups: undefined,
  securityGroups: undefined,
  replaceSecurityGroupsInPlace: false,
  ipMinWarmTarget: undefined,
  ipMaxWarmTarget: undefined,
  enableNodeTaint: false,
  enableNodeCondition: false,
  claimExpiredMs: undefined,
  enableOwnerRef: undefined,
  onlyNominatedEniSubnets: false,
};
