// The one way in which the status of a policy is written, and what is told as Events when something goes wrong with it.
import { fieldManagers } from '../../../api/keys.ts';
import {
  securityGroupPolicies,
  type SecurityGroupPolicy,
  type SecurityGroupPolicyStatus,
} from '../../../api/security-group-policy.ts';
import { isNotFound } from '../../../kube/api-error.ts';
import { applyStatus } from '../../../kube/apply.ts';
import { findCondition, setCondition } from '../../../kube/conditions.ts';
import type { Condition } from '../../../kube/types.ts';
import type { Finding } from '../../../planning/finding.ts';
import { findingText } from '../../../planning/finding.ts';
import type { ConditionInput } from '../../../planning/policy-status.ts';
import type { IpamdDeps } from '../../deps.ts';

export interface PlannedStatus {
  /** What is not here any more goes. */
  readonly conditions: readonly ConditionInput[];
  readonly fields: Omit<SecurityGroupPolicyStatus, 'conditions' | 'observedGeneration'>;
  /** Each is an Event of its own while condition TrunkingAvailable is news. */
  readonly gates: readonly Finding[];
  /** Stand in the message of that condition, whether it is True or False; each is an Event once it is new there. */
  readonly warnings: readonly Finding[];
}

/** Writes nothing when nothing differs. A policy that is gone meanwhile is no error. */
export async function writePolicyStatus(
  deps: Pick<IpamdDeps, 'client' | 'clock' | 'recorder'>,
  policy: SecurityGroupPolicy,
  planned: PlannedStatus,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name, uid, generation: observedGeneration } = policy.metadata;
  const generation = observedGeneration === undefined ? {} : { observedGeneration };
  const before = (policy.status?.conditions ?? []) as readonly Condition[];
  const kept = before.filter(({ type }) => planned.conditions.some((each) => each.type === type));
  const conditions = planned.conditions.reduce<readonly Condition[]>(
    (list, each) => setCondition(list, { ...each, ...generation }, deps.clock.now()),
    kept,
  );
  const status = { ...generation, ...planned.fields, conditions };
  if (same(status, policy.status)) return;
  try {
    await applyStatus(deps.client, securityGroupPolicies, name, {
      fieldManager: fieldManagers.ipamd,
      status,
      signal,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return;
  }
  tell(deps, policy, before, planned);
}

/** Conditions whose turning False is worth an Event; the others are told by these, or pass by themselves. */
const TOLD: readonly string[] = [
  'Accepted',
  'GroupsResolved',
  'TrunkingAvailable',
  'StrictRouting',
  'Preflight',
  'Live',
];
/** What every new policy goes through, and what somebody asked for. */
const QUIET: readonly string[] = ['AwaitingNamespaceLabel', 'Paused', 'Progressing'];

function tell(
  { recorder }: Pick<IpamdDeps, 'recorder'>,
  policy: SecurityGroupPolicy,
  before: readonly Condition[],
  { conditions, gates, warnings }: PlannedStatus,
): void {
  const formerGates = findCondition(before, 'TrunkingAvailable')?.message ?? '';
  for (const warning of warnings)
    if (!formerGates.includes(findingText(warning)))
      recorder.record({ regarding: policy, type: 'Warning', reason: warning.code, message: findingText(warning) });
  for (const condition of conditions) {
    if (condition.status !== 'False' || !TOLD.includes(condition.type) || QUIET.includes(condition.reason)) continue;
    const former = findCondition(before, condition.type);
    if (former?.status === 'False' && former.message === condition.message) continue;
    const news =
      condition.type === 'TrunkingAvailable'
        ? gates.map((gate) => ({ reason: gate.code, message: findingText(gate) }))
        : [{ reason: condition.reason, message: condition.message }];
    for (const each of news) recorder.record({ regarding: policy, type: 'Warning', ...each });
  }
}

/** By value, whatever order the fields came in. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const defined = (value: object): [string, unknown][] =>
    Object.entries(value).filter(([, each]) => each !== undefined);
  const [left, right] = [defined(a), defined(b)];
  const of = new Map(right);
  return left.length === right.length && left.every(([key, value]) => same(value, of.get(key)));
}
