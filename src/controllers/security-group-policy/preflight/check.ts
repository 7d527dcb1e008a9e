// The preflight of one policy: its facts gathered from the caches and the cloud's rules, tried, and told as a condition.
import { labels, SUPER_NODE_INSTANCE_TYPE } from '../../../api/keys.ts';
import { subEniName } from '../../../api/vpc-eni.ts';
import { CloudError } from '../../../cloud/errors.ts';
import { planPreflight, type PreflightFinding } from '../../../planning/preflight.ts';
import type { ConditionInput, PolicyFacts } from '../../../planning/policy-status.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { WorkingPod } from '../../views.ts';
import { dnsParties, nodeParties, type PartyDeps, policyParty, servicePorts } from './parties.ts';
import type { RulesLookup } from './rules-lookup.ts';

export interface PreflightDeps extends PartyDeps {
  readonly rules: RulesLookup;
  readonly settings: IpamdDeps['settings'];
}

export interface Preflight {
  readonly condition: ConditionInput;
  readonly findings: readonly PreflightFinding[];
}

/** So many findings are in the status. */
export const MAX_FINDINGS = 10;
/** The reason while something that passes keeps the check from being made. */
export const CHECKING = 'Checking';
const type = 'Preflight';

/**
 * `pods`: those that the policy selects now. What cannot be seen is said, and never counts as met or missing; a cloud that does not answer is such a
 * case, so that the rest of the status is told all the same.
 */
export async function checkPolicy(
  deps: PreflightDeps,
  key: string,
  facts: PolicyFacts,
  pods: readonly WorkingPod[],
  signal: AbortSignal,
): Promise<Preflight> {
  try {
    return await check(deps, key, facts, pods, signal);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return { condition: { type, status: 'Unknown', reason: CHECKING, message: error.message }, findings: [] };
  }
}

async function check(
  deps: PreflightDeps,
  key: string,
  { groupIds, groupProblem }: PolicyFacts,
  pods: readonly WorkingPod[],
  signal: AbortSignal,
): Promise<Preflight> {
  const unknown = (reason: string, message: string): Preflight => ({
    condition: { type, status: 'Unknown', reason, message },
    findings: [],
  });
  if (groupProblem !== undefined) return failed([{ requirement: 'GroupsExist', message: groupProblem.message }], '');
  const pod = await policyParty(deps, pods, groupIds, signal);
  if (pod === undefined)
    return unknown('NotChecked', 'no Pod of the policy has an address yet, and no container subnet is known');
  const { dns, dnsPorts } = await dnsParties(deps);
  const [sample] = pods;
  const probed = pods
    .filter(({ listens }) => listens.probes.length > 0)
    .filter((each) => isProbedThroughGroups(deps, each));
  const probes = [...new Set(probed.flatMap(({ listens }) => listens.probes))].map((port) => ({
    protocol: 'TCP' as const,
    port,
  }));
  const probers = probed.length === 0 ? [] : await nodeParties(deps, probingNodes(deps, probed));
  const asked = [...groupIds, ...dns.flatMap((server) => server.groupIds)];
  const known = deps.rules.get(asked, key);
  const unread = asked.find((id) => known.get(id) === undefined);
  if (unread !== undefined) return unknown(CHECKING, `the rules of ${unread} are being read`);
  const problem = [...known.values()].find((each) => each.kind === 'unreadable');
  const own = groupIds.find((id) => known.get(id)?.kind !== 'rules');
  if (own !== undefined) return unknown('NotChecked', problem?.kind === 'unreadable' ? problem.why : `rules of ${own}`);
  const findings = planPreflight({
    missingGroups: [],
    rules: new Map([...known].flatMap(([id, each]) => (each.kind === 'rules' ? [[id, each.group]] : []))),
    pod,
    dns,
    dnsPorts,
    probers,
    probes,
    services: sample === undefined ? [] : servicePorts(deps, sample),
  });
  const notes = [
    ...(dns.length === 0
      ? ['DNS was not checked: no Pod behind kube-system/kube-dns has groups that can be told']
      : []),
    ...(problem?.kind === 'unreadable' ? [problem.why] : []),
  ];
  const note = notes.map((each) => `. ${each}`).join('');
  if (findings.length > 0) return failed(findings, note);
  const message = `the groups let the Pods do what spec 001 asks for${note}`;
  return { condition: { type, status: 'True', reason: 'RulesSuffice', message }, findings };
}

function failed(findings: readonly PreflightFinding[], note: string): Preflight {
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more: see status.preflight)` : '';
  const how = first?.command === undefined ? '' : `; add it: ${first.command}`;
  const message = `${first?.message ?? ''}${how}${more}${note}`;
  return { condition: { type, status: 'False', reason: `${first?.requirement ?? 'Rule'}Missing`, message }, findings };
}

/** Probes pass a Pod's groups with strict routing and on super nodes; with standard routing they do not (spec 002, Data Plane Solution). */
function isProbedThroughGroups({ enis, informers, settings }: PreflightDeps, pod: WorkingPod): boolean {
  if (isOnSuperNode(informers, pod)) return true;
  const mode = enis.latest(subEniName(pod.metadata.uid ?? ''))?.spec.enforcingMode;
  return (mode ?? settings.current()['vpcCni.trunkingEni.podSecurityGroupEnforcingMode']) === 'strict';
}

/** A Pod is probed by its own node's kubelet; of one that has none yet, or is on a super node, document 001 names the cluster's group, which all have. */
function probingNodes({ informers }: PreflightDeps, probed: readonly WorkingPod[]): readonly string[] {
  const own = probed.flatMap((pod) => (isOnSuperNode(informers, pod) ? [] : (pod.nodeName ?? [])));
  return own.length === probed.length ? [...new Set(own)] : informers.nodes.list().map(({ metadata }) => metadata.name);
}

const isOnSuperNode = ({ nodes }: Pick<PreflightDeps['informers'], 'nodes'>, { nodeName }: WorkingPod): boolean =>
  nodes.get(nodeName ?? '')?.metadata.labels?.[labels.instanceType] === SUPER_NODE_INSTANCE_TYPE;
