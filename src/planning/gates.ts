// What document 002 asks for before Pods of general and native nodes can have groups of their own, each missing one by name. Pure.
import type { IpMode } from '../api/addon-values.ts';
import type { Finding } from './finding.ts';

/** The roles that document 002 gives the policy to; ipamd calls as the first. */
export const subEniRoles = ['IPAMDofTKE_QCSRole', 'TKE_QCSRole'] as const;
export type SubEniRole = (typeof subEniRoles)[number];
export const SUB_ENI_POLICY = 'SubENIForIPAMD';

/** `unseen`: not asked yet, or CAM does not answer ipamd. */
export type PolicyStanding = 'attached' | 'missing' | 'unseen';

export interface GateFacts {
  /** Why the version of the add-on closes Trunking; absent when it does not. */
  readonly versionProblem: string | undefined;
  /** `vpcCni.trunkingEni.enableSubEni`. */
  readonly enableSubEni: boolean;
  readonly ipMode: IpMode;
  /** General and native nodes that ipamd manages: their sub-ENI quota, and why it is that. */
  readonly nodes: readonly { readonly name: string; readonly quota: number; readonly reason: string }[];
  /** The cloud's words, while the account may make no sub-ENI call at all. */
  readonly refusal: string | undefined;
  /** CAM names of the actions that the cloud refuses to role IPAMDofTKE_QCSRole. */
  readonly denied: readonly string[];
  /** What CAM shows of policy SubENIForIPAMD on each of the two roles that document 002 asks it for. */
  readonly roles: Readonly<Record<SubEniRole, PolicyStanding>>;
  /** A call that was repeated with its token made a second ENI; absent when that was never seen. */
  readonly tokenNotHonoured: string | undefined;
}

export interface Gates {
  /** Each one alone keeps Pods from getting groups. */
  readonly missing: readonly Finding[];
  readonly warnings: readonly Finding[];
}

const CONFIG_MAP = 'ConfigMap kube-system/tke-eni-ipamd';

/** In the order in which one would mend them. */
export function planGates(facts: GateFacts): Gates {
  return {
    missing: [...version(facts), ...enabled(facts), ...permission(facts), ...nodes(facts)],
    warnings: [...staticIp(facts), ...roles(facts), ...tokens(facts)],
  };
}

function version({ versionProblem }: GateFacts): readonly Finding[] {
  if (versionProblem === undefined) return [];
  return [{ code: 'VersionTooOld', message: versionProblem, cure: 'update the add-on' }];
}

function enabled({ enableSubEni }: GateFacts): readonly Finding[] {
  if (enableSubEni) return [];
  return [
    {
      code: 'TrunkingDisabled',
      message:
        'vpcCni.trunkingEni.enableSubEni is not true: the groups take effect on super nodes only (spec 001, 002)',
      cure: `set it to "true" in ${CONFIG_MAP}`,
    },
  ];
}

function permission({ refusal, denied }: GateFacts): readonly Finding[] {
  const account: readonly Finding[] =
    refusal === undefined
      ? []
      : [
          {
            code: 'AccountNotAllowed',
            message: `the cloud knows no sub-ENI calls of this account: ${refusal}`,
            cure: 'ask for Trunking ENI by ticket (spec 002, usage)',
          },
        ];
  if (denied.length === 0) return account;
  return [
    ...account,
    {
      code: 'IpamdRoleNotAuthorized',
      message: `role IPAMDofTKE_QCSRole may not call ${denied.join(', ')}`,
      cure: 'associate CAM policy SubENIForIPAMD with role IPAMDofTKE_QCSRole (spec 002)',
    },
  ];
}

/**
 * Warnings, since policies are known by name only: another one may allow the same, and ipamd calls as one of the two roles only. What that role is
 * refused is a gate, and tells of the role by itself.
 */
function roles({ denied, roles: standings }: GateFacts): readonly Finding[] {
  const [own, other] = subEniRoles;
  return [
    ...(standings[own] === 'missing' && denied.length === 0 ? [lacking('IpamdRoleLacksPolicy', own)] : []),
    ...(standings[other] === 'missing' ? [lacking('TkeRoleLacksPolicy', other)] : []),
    ...(standings[other] === 'unseen' ? tkeRoleNotVisible(denied) : []),
  ];
}

function lacking(code: string, role: SubEniRole): Finding {
  return {
    code,
    message: `role ${role} does not have CAM policy ${SUB_ENI_POLICY}`,
    cure: `associate it with role ${role}; spec 002 asks for it on both roles`,
  };
}

/** Nothing that ipamd does shows what a role lacks that it does not call as. */
function tkeRoleNotVisible(denied: readonly string[]): readonly Finding[] {
  if (denied.length === 0) return [];
  return [
    {
      code: 'TkeRoleNotVisible',
      message: 'whether role TKE_QCSRole has CAM policy SubENIForIPAMD cannot be seen from here',
      cure: 'spec 002 asks for it on both roles: tccli cam ListAttachedRolePolicies --RoleName TKE_QCSRole --Page 1 --Rp 20. A CAM policy that allows cam:ListAttachedRolePolicies to role IPAMDofTKE_QCSRole lets ipamd look by itself',
    },
  ];
}

function nodes({ enableSubEni, nodes: all }: GateFacts): readonly Finding[] {
  // Without the switch every quota is 0 for that reason alone.
  if (!enableSubEni || all.some(({ quota }) => quota > 0)) return [];
  if (all.length === 0)
    return [
      {
        code: 'NoCapableNode',
        message: 'no general or native node is managed yet',
        cure: 'wait for a node of a supported model to join (spec 002, limitations)',
      },
    ];
  const reasons = [...new Set(all.map(({ reason }) => reason))];
  const named = reasons.slice(0, 3).map((reason) => {
    const of = all.filter((node) => node.reason === reason);
    return `${of[0]?.name ?? ''}${of.length > 1 ? ` and ${of.length - 1} more` : ''}: ${reason}`;
  });
  return [
    {
      code: 'NoCapableNode',
      message: `no general or native node has a sub-ENI quota above 0 (${named.join('; ')})`,
      cure: 'add nodes of a supported model, or ask the VPC for yours by ticket (spec 002, limitations) and set spec.subENI.quota of the nec',
    },
  ];
}

function staticIp({ ipMode }: GateFacts): readonly Finding[] {
  if (ipMode === 'static') return [];
  return [
    {
      code: 'NotStaticIpMode',
      message: 'document 002 supports clusters of shared ENI with static IP only, and vpcCni.ipMode is "non-static"',
      cure: 'sub-ENIs work here all the same; a cluster that must keep to the document is installed with vpcCni.ipMode "static"',
    },
  ];
}

function tokens({ tokenNotHonoured }: GateFacts): readonly Finding[] {
  if (tokenNotHonoured !== undefined)
    return [
      {
        code: 'ClientTokenNotHonoured',
        message: `the account seems not to be on the client-token allow-list: ${tokenNotHonoured}`,
        cure: 'ask the VPC by ticket (spec 002); until then ENIs that a lost answer leaves behind are collected by their tags',
      },
    ];
  return [];
}
