// What people are told about the groups of a node: a condition on the nec always, one on the Node and an Event when something is wrong.
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import type { Node } from '../../../kube/resources.ts';
import { nodes } from '../../../kube/resources.ts';
import { rfc3339 } from '../../../kube/times.ts';
import type { ConditionInput } from '../../../kube/conditions.ts';
import type { NodeGroupOutcome } from '../../../planning/group-judgement.ts';
import type { GroupProblem } from '../../../planning/node-groups.ts';
import { ipamdErrors } from '../../errors.ts';
import { tellNode } from '../tell-node.ts';
import type { GroupSyncDeps } from './deps.ts';
import type { EniOutcome } from './sync-eni.ts';

/** Condition type on the nec, and on the Node once something was wrong (ours). */
export const SECURITY_GROUPS_READY = 'SecurityGroupsReady';

export type FailedEni = Extract<EniOutcome, { kind: 'failed' }>;

const ORIGINS = {
  flag: 'the global list (--security-groups or its add-on value)',
  instance: 'the instance',
  user: 'spec.securityGroups of the nec',
} as const;

/** The one thing that is wrong with a node's groups and will not pass by itself. */
export function lastingProblem(outcome: NodeGroupOutcome, failed: readonly FailedEni[]): GroupProblem | undefined {
  if (outcome.problem !== undefined)
    return { ...outcome.problem, message: `${outcome.problem.message}${whatStays(outcome)}` };
  // Somebody paused the calls, and knows.
  const lasting = failed.find((each) => each.lasting && each.reason !== ipamdErrors.groupsPaused.eventReason);
  return lasting === undefined ? undefined : { reason: lasting.reason, message: lasting.message };
}

function whatStays({ record }: NodeGroupOutcome): string {
  if (record.state !== 'Blocked') return '';
  return record.inForce === undefined
    ? '; no group is changed meanwhile'
    : `; [${record.inForce.join(',')}] stays in force meanwhile`;
}

/** Nothing for a node that the feature was never on for. */
export function necCondition(
  nec: NodeEniConfig,
  outcome: NodeGroupOutcome,
  enis: readonly EniOutcome[],
): ConditionInput | undefined {
  const type = SECURITY_GROUPS_READY;
  const { record } = outcome;
  const failed = enis.filter((each) => each.kind === 'failed');
  const problem = lastingProblem(outcome, []);
  if (problem !== undefined) return { type, status: 'False', ...problem };
  if (record.state === 'Off') {
    if (nec.status?.conditions?.some((each) => each.type === type) !== true) return undefined;
    return {
      type,
      status: 'Unknown',
      reason: 'Off',
      message: 'node security groups are switched off; nothing is changed',
    };
  }
  const [first] = failed;
  if (first !== undefined) {
    const which = `${failed.length} of ${enis.length} ENIs not in step: ${failed.map((each) => each.eniId).join(', ')}`;
    return { type, status: 'False', reason: first.reason, message: `${which}: ${first.message}` };
  }
  if (record.state === 'Disabled') return { type, status: 'False', reason: 'Disabled', message: disabledMessage(nec) };
  const from = record.origin === undefined ? '' : ` from ${ORIGINS[record.origin]}`;
  const message = `ENIs of the node are held to [${record.inForce?.join(',') ?? ''}]${from}`;
  return { type, status: 'True', reason: 'InStep', message };
}

function disabledMessage(nec: NodeEniConfig): string {
  const edited =
    nec.spec.securityGroups === undefined ? '' : '; spec.securityGroups, which was set meanwhile, binds nothing';
  return `no group is bound since annotation disable-node-eni-security-groups of the node is "yes"; "no" binds those of the policy then in force${edited}`;
}

/** An Event, and the same as a condition of the Node; taken back once nothing is wrong any more. */
export async function reportOnNode(
  deps: GroupSyncDeps,
  node: Node,
  problem: GroupProblem | undefined,
  settled: boolean,
): Promise<void> {
  const { name } = node.metadata;
  const shown = node.status?.conditions?.find((each) => each.type === SECURITY_GROUPS_READY);
  if (problem === undefined) {
    if (shown === undefined || shown.status === 'True' || !settled) return;
    const message = 'what was wrong with the security groups of the node is over';
    await writeCondition(deps, name, 'True', { reason: 'Recovered', message });
    tellNode(deps, name, { type: 'Normal', reason: 'SecurityGroupsRecovered', message });
    return;
  }
  if (shown?.status === 'False' && shown.reason === problem.reason && shown.message === problem.message) return;
  await writeCondition(deps, name, 'False', problem);
  tellNode(deps, name, { type: 'Warning', ...problem });
}

async function writeCondition(
  deps: GroupSyncDeps,
  name: string,
  status: 'True' | 'False',
  { reason, message }: GroupProblem,
): Promise<void> {
  const at = rfc3339(deps.clock.now());
  const condition = {
    type: SECURITY_GROUPS_READY,
    status,
    reason,
    message,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  };
  await deps.client.patch(
    nodes,
    name,
    { type: 'strategic', body: { status: { conditions: [condition] } } },
    { subresource: 'status' },
  );
}
