// The knobs of the simulated cloud, with the values the lab starts from.

export interface CloudSettings {
  /** How long an asynchronous call takes, in milliseconds. */
  taskMs: number;
  /** Calls per second by action; an action that is not named is not limited. */
  rateLimits: Readonly<Record<string, number>>;
  /** Whether the account may call the sub-ENI actions; without it they answer InvalidAction (spec 002, Usage). */
  subEniAllowed: boolean;
  /** Whether the account's client tokens are honoured; without it they are accepted and ignored (spec 002, Usage). */
  clientTokenAllowed: boolean;
  /** A new ENI is shown by describe calls only after this long (eventual consistency). */
  readDelayMs: number;
  /** An ENI with no group passes everything (facts, section 11: GUESS); false: it drops everything. */
  noGroupIsOpen: boolean;
  /** How long a VLAN id rests after its sub-ENI is gone. */
  vlanRestMs: number;
}

/** What `startCloud` uses for each knob that is not given. */
export const defaultSettings: CloudSettings = {
  taskMs: 300,
  rateLimits: {},
  subEniAllowed: true,
  clientTokenAllowed: true,
  readDelayMs: 0,
  noGroupIsOpen: true,
  vlanRestMs: 30_000,
};

/** Quotas of an account (facts, section 18; groups per ENI is a GUESS taken from instances). */
export const quotas = {
  securityGroups: 50,
  rulesPerDirection: 100,
  rulesNamingGroups: 10,
  groupsPerEni: 5,
  idsPerDescribe: 100,
  privateIpsPerCall: 10,
} as const;
