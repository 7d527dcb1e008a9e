// What the conditions of a policy are decided on: objections to it, its groups in the cloud, and the cluster's gates.
import { objectNames } from '../../../api/keys.ts';
import { forbiddenGroups } from '../../../planning/allowed-groups.ts';
import type { Finding } from '../../../planning/finding.ts';
import { type Gates, planGates } from '../../../planning/gates.ts';
import { judgeGroups } from '../../../planning/group-judgement.ts';
import { distinct } from '../../../planning/group-sync.ts';
import { namespaceEnforces, namespaceExempt } from '../../../planning/policy-label.ts';
import type { PolicyFacts } from '../../../planning/policy-status.ts';
import type { PolicyView } from '../../../planning/policy-view.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { RoleStandings } from '../roles/standings.ts';
import type { GroupLookup } from './group-lookup.ts';

export type FactsDeps = Pick<IpamdDeps, 'settings' | 'permission' | 'denials' | 'tokens'> & {
  readonly roles: Pick<RoleStandings, 'current'>;
  readonly informers: Pick<IpamdDeps['informers'], 'nodeEniConfigs' | 'namespaces' | 'allowedGroups'>;
};

/** Throws CloudError when the groups cannot be looked up. `versionProblem`: why the add-on's version closes Trunking. */
export async function policyFacts(
  deps: FactsDeps,
  policy: PolicyView,
  groups: GroupLookup,
  versionProblem: string | undefined,
  signal: AbortSignal,
): Promise<PolicyFacts> {
  const { region } = deps.settings.current();
  const list = distinct(policy.groups);
  const known = await groups.get(list, signal);
  const gates = clusterGates(deps, versionProblem);
  return {
    groupIds: list,
    objections: objections(deps, policy),
    groupProblem: judgeGroups({ list, known, region }),
    gates: gates.missing,
    capableNodes: capableNodes(deps),
    warnings: gates.warnings,
  };
}

/** Of the cluster, the same for all its policies. */
export function clusterGates(deps: FactsDeps, versionProblem: string | undefined): Gates {
  const values = deps.settings.current();
  return planGates({
    versionProblem,
    enableSubEni: values['vpcCni.trunkingEni.enableSubEni'],
    ipMode: values['vpcCni.ipMode'],
    nodes: deps.informers.nodeEniConfigs.list().flatMap(({ metadata, status }) => {
      const quota = status?.subENI;
      return quota === undefined ? [] : [{ name: metadata.name, quota: quota.quota, reason: quota.reason }];
    }),
    refusal: deps.permission.refusal(),
    denied: deps.denials.actions(),
    roles: deps.roles.current(),
    tokenNotHonoured: deps.tokens.notHonoured(),
  });
}

const capableNodes = ({ informers }: FactsDeps): number =>
  informers.nodeEniConfigs.list().filter((nec) => (nec.status?.subENI?.quota ?? 0) > 0).length;

/** Why admission does not, or not yet, give the policy's groups. */
function objections({ informers }: FactsDeps, policy: PolicyView): readonly Finding[] {
  const { selection, metadata } = policy;
  const namespace = informers.namespaces.get(metadata.namespace ?? '');
  const found: Finding[] = [];
  if (selection.kind === 'nobody')
    found.push({
      code: 'NoSelector',
      message: 'neither podSelector nor serviceAccountSelector is set',
      cure: 'give one; podSelector: {} selects every Pod of the namespace',
    });
  if (selection.kind === 'unreadable')
    found.push({
      code: 'Unreadable',
      message: `the policy cannot be evaluated, and Pods of the namespace are refused meanwhile: ${selection.problem}`,
      cure: 'correct or delete it',
    });
  if (namespace !== undefined && namespaceExempt(namespace))
    found.push({
      code: 'NamespaceExempt',
      message: `policies have no effect in namespace ${metadata.namespace ?? ''}: it is kube-system, or has label not-add-pod-eni-ip-limit`,
      cure: 'take the label off, or use another namespace',
    });
  else if (!namespaceEnforces(namespace))
    found.push({
      code: 'AwaitingNamespaceLabel',
      message:
        'the namespace does not have label tke.cloud.tencent.com/security-group-policy yet, by which its Pods are held until admission has decided',
      cure: 'ipamd sets it within moments; create Pods once this is True',
    });
  const key = `${objectNames.systemNamespace}/${objectNames.allowedGroups}`;
  const map = informers.allowedGroups.get(key);
  const allowed = map === undefined ? undefined : (map.data ?? {});
  const forbidden = forbiddenGroups(allowed, metadata.namespace ?? '', policy.groups);
  if (forbidden !== undefined)
    found.push({
      code: 'GroupsNotAllowed',
      message: forbidden.message,
      cure: 'take the groups out of the policy, or ask an administrator to allow them',
    });
  return found;
}
