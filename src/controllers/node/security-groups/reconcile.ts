// One look at a node: decide its groups, record that, bring its ENIs there, tell what came of it.
import { annotations } from '../../../api/keys.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { nodeEniConfigs } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Node } from '../../../kube/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { concludeNodeGroups, judgeGroups, type NodeGroupOutcome } from '../../../planning/group-judgement.ts';
import { sameGroups } from '../../../planning/group-sync.ts';
import { type NodeGroupPlan, planNodeGroups } from '../../../planning/node-groups.ts';
import { isMarked } from '../../adoption/foreign-install.ts';
import { managedInstance } from '../managed-instance.ts';
import { necConditions, writeNecStatus } from '../nec-status.ts';
import { nodeEnisOf } from '../pool/pool-enis.ts';
import type { GroupSyncDeps } from './deps.ts';
import { groupPolicy } from './policy.ts';
import { type FailedEni, lastingProblem, necCondition, reportOnNode } from './report.ts';
import { type EniOutcome, syncEni } from './sync-eni.ts';

/** The groups of an instance as another controller may have read them a moment ago. */
const INSTANCE_FRESH_MS = 60_000;

/** `closed`: why the feature must not be used, asked only when it is on. Throws what passes by itself, so that the queue tries again. */
export async function reconcileNodeGroups(
  deps: GroupSyncDeps,
  name: string,
  closed: (signal: AbortSignal) => Promise<string | undefined>,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const node = deps.informers.nodes.get(name);
  const nec = deps.necs.latest(name);
  const instanceId = node === undefined ? undefined : managedInstance(node);
  if (node === undefined || nec === undefined || instanceId === undefined || !isMarked(nec)) return undefined;
  if (node.metadata.annotations?.[annotations.disableNodeEni] !== undefined) return undefined;

  const sawYes = deps.groupMemory.sawYes.get(name);
  const outcome = await decide(deps, node, nec, instanceId, closed, context.signal);
  const recorded = await record(deps, nec, outcome);
  const isPast = outcome.record.state === 'Managed' && deps.groupMemory.sawYes.get(name) === sawYes;
  if (isPast) deps.groupMemory.sawYes.delete(name);
  const enis = await syncEnis(deps, name, outcome, context);
  // What failed because the program stops is nothing to tell.
  context.signal.throwIfAborted();

  const failed = enis.filter((each): each is FailedEni => each.kind === 'failed');
  const told = necCondition(recorded, outcome, enis);
  if (told !== undefined)
    await writeNecStatus(deps, recorded, { conditions: necConditions(recorded, [told], deps.clock.now()) });
  await reportOnNode(deps, node, lastingProblem(outcome, failed), failed.length === 0);
  const passing = failed.find((each) => !each.lasting);
  if (passing !== undefined) throw passing.error;
  const again = failed.length > 0 || outcome.record.state === 'Blocked' || enis.some((each) => each.kind === 'waits');
  return again ? { requeueAfterMs: deps.timings.lookAgainMs } : undefined;
}

async function decide(
  deps: GroupSyncDeps,
  node: Node,
  nec: NodeEniConfig,
  instanceId: string,
  closed: (signal: AbortSignal) => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<NodeGroupOutcome> {
  const policy = groupPolicy(deps.flags, deps.settings.current());
  const recorded = nec.status?.securityGroups;
  const spec = nec.spec.securityGroups;
  const annotation = node.metadata.annotations?.[annotations.disableNodeEniSecurityGroups];
  // Only a list that is computed or explained needs the instance.
  const sawYes = deps.groupMemory.sawYes.has(node.metadata.name);
  const stands = recorded?.state === 'Managed' && recorded.annotation === annotation && spec !== undefined && !sawYes;
  const inherits = policy.enabled && policy.groups.length === 0 && !stands;
  const instance = inherits ? await deps.instances.get(instanceId, INSTANCE_FRESH_MS) : undefined;
  const plan = planNodeGroups({
    policy,
    closed: policy.enabled ? await closed(signal) : undefined,
    instanceGroups: instance?.securityGroups,
    spec,
    recorded,
    annotation,
    sawYes,
  });
  return concludeNodeGroups(plan, recorded, await judge(deps, nec, plan, signal));
}

/** The cloud is asked before a list is put in force, not while it is. */
async function judge(
  deps: GroupSyncDeps,
  nec: NodeEniConfig,
  plan: NodeGroupPlan,
  signal: AbortSignal,
): Promise<ReturnType<typeof judgeGroups>> {
  const { inForce, state } = nec.status?.securityGroups ?? {};
  if (plan.state !== 'Managed' || plan.list.length === 0) return undefined;
  if (state === 'Managed' && inForce !== undefined && sameGroups(inForce, plan.list)) return undefined;
  const { region } = deps.settings.current();
  return judgeGroups({ list: plan.list, known: await deps.groups.get(plan.list, signal), region });
}

/** The list first, then what is known of it: killed in between, the same is decided again. */
async function record(deps: GroupSyncDeps, nec: NodeEniConfig, outcome: NodeGroupOutcome): Promise<NodeEniConfig> {
  const written = outcome.spec === 'keep' ? nec : await writeSpec(deps, nec, outcome.spec);
  return writeNecStatus(deps, written, { securityGroups: outcome.record });
}

async function writeSpec(
  deps: GroupSyncDeps,
  nec: NodeEniConfig,
  spec: 'remove' | readonly string[],
): Promise<NodeEniConfig> {
  const { name, resourceVersion } = nec.metadata;
  const body = { metadata: { resourceVersion }, spec: { securityGroups: spec === 'remove' ? null : [...spec] } };
  const written = await deps.client.patch(nodeEniConfigs, name, { type: 'merge', body });
  deps.necs.wrote(written);
  return written;
}

async function syncEnis(
  deps: GroupSyncDeps,
  nodeName: string,
  { wanted, record: { state } }: NodeGroupOutcome,
  context: ReconcileContext,
): Promise<readonly EniOutcome[]> {
  if (wanted === undefined) return [];
  const target = { wanted, managed: state !== 'Disabled' };
  return Promise.all(enisOf(deps, nodeName).map((eni) => syncEni(deps, eni, target, context)));
}

/** Ours, of this node, and not about to go. */
const enisOf = (deps: GroupSyncDeps, nodeName: string): readonly VpcEni[] =>
  nodeEnisOf(deps, nodeName).filter((eni) => eni.metadata.deletionTimestamp === undefined);
