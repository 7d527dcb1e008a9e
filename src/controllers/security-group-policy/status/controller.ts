// The status of each SecurityGroupPolicy: is it accepted, do its groups exist, can they take effect, and do its Pods have them.
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { createController, watchOf } from '../../../kube/controller.ts';
import { keyOf } from '../../../kube/object-key.ts';
import type { Namespace, Node } from '../../../kube/resources.ts';
import type { Controller, InformerChange, ReconcileContext, ReconcileResult } from '../../../kube/types.ts';
import { namespaceEnforces, namespaceExempt } from '../../../planning/policy-label.ts';
import { findingText } from '../../../planning/finding.ts';
import {
  type ConditionInput,
  countPods,
  planPolicyConditions,
  programmedCondition,
} from '../../../planning/policy-status.ts';
import { projectPolicy } from '../../../planning/policy-view.ts';
import { superNodeCondition, superNodeFacts } from '../../../planning/super-node-requirements.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { InPlacePermission } from '../../vpc-eni/groups/in-place-permission.ts';
import { changeLive, type LiveDeps } from '../live/change-pods.ts';
import { createLivePace } from '../live/pace.ts';
import { checkPolicy, CHECKING, MAX_FINDINGS } from '../preflight/check.ts';
import { createRulesLookup, type RulesLookup } from '../preflight/rules-lookup.ts';
import type { WorkingPod } from '../../views.ts';
import { policyStrictFindings } from '../../strict-limits/policy-findings.ts';
import type { RoleStandings } from '../roles/standings.ts';
import { type ClusterFacts, createClusterFacts } from './cluster-facts.ts';
import { policyFacts } from './facts.ts';
import { createGroupLookup, type GroupLookup } from './group-lookup.ts';
import { createPopulation, type Population } from './population.ts';
import { standingsOf } from './standings.ts';
import { writePolicyStatus } from './write.ts';

/** A policy whose groups are missing is looked at more often. */
const LOOK_SOON_MS = 10_000;

export interface PolicyStatusDeps extends LiveDeps {
  readonly rules: RulesLookup;
  readonly groupsInCloud: GroupLookup;
  readonly cluster: ClusterFacts;
  readonly roles: RoleStandings;
  /** Set once the controller runs. */
  readonly state: { population?: Population };
  readonly lastWritten: Map<string, { readonly generation: number | undefined; readonly atMs: number }>;
}

/** Every policy, at its changes, at those of its Pods and of the cluster, and now and then because groups come and go in the cloud. */
export function createSecurityGroupPolicyStatus(
  common: IpamdDeps,
  inPlace: InPlacePermission,
  roles: RoleStandings,
): Controller {
  const { informers, clock, logger, timings } = common;
  const deps: PolicyStatusDeps = {
    ...common,
    // A look at each resync finds the answer of the one before it too old.
    groupsInCloud: createGroupLookup(common.cloud, clock, timings.policyResyncMs * 0.9),
    cluster: createClusterFacts(common),
    roles,
    inPlace,
    pace: createLivePace(clock),
    rules: createRulesLookup(common, timings.policyResyncMs * 0.9),
    state: {},
    lastWritten: new Map(),
  };
  const all = (): string[] => informers.policies.list().map(keyOf);
  const inNamespace = (namespace = ''): string[] => informers.policies.byIndex('namespace', namespace).map(keyOf);
  return createController({
    name: 'security-group-policy.status',
    clock,
    logger,
    concurrency: 4,
    watches: [
      watchOf(informers.nodeEniConfigs, ({ before, after }) => (carries(before) === carries(after) ? [] : all())),
      watchOf(informers.nodes, (change) => (isOtherSuperNode(change) ? all() : [])),
      watchOf(informers.namespaces, (change) =>
        standing(change.before) === standing(change.after) ? [] : inNamespace(change.key),
      ),
      watchOf(informers.allowedGroups, all),
      watchOf(informers.services, ({ key }) => inNamespace(key.split('/')[0])),
      watchOf(informers.networkPolicies, ({ key }) => inNamespace(key.split('/')[0])),
      // Only waited for: `createPopulation` says whom a change concerns.
      ...[informers.policies, informers.pods, informers.serviceAccounts, informers.vpcEnis].map((each) =>
        watchOf<unknown>(each, () => []),
      ),
    ],
    sources: [
      (enqueue, signal) => {
        const { population, stop } = createPopulation(deps, enqueue);
        deps.state.population = population;
        const everyone = (): void => all().forEach(enqueue);
        const { settings, permission, denials, tokens } = deps;
        const stops = [
          stop,
          ...[settings, permission, denials, tokens, inPlace, roles].map((each) => each.onChange(everyone)),
          deps.missed.onChange(enqueue),
        ];
        signal.addEventListener('abort', () => stops.forEach((each) => each()), { once: true });
        everyone();
      },
    ],
    reconcile: (key, context) => reconcile(deps, key, context),
  });
}

async function reconcile(
  deps: PolicyStatusDeps,
  key: string,
  { signal }: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const policy = deps.informers.policies.get(key);
  const { population } = deps.state;
  if (policy === undefined || population === undefined) {
    deps.lastWritten.delete(key);
    return undefined;
  }
  const early = tooEarlyMs(deps, key, policy.metadata.generation);
  if (early > 0 && policy.spec.updateStrategy?.type !== 'Live') return { requeueAfterMs: early };
  const view = projectPolicy(policy);
  const facts = await policyFacts(deps, view, deps.groupsInCloud, await deps.cluster.versionProblem(signal), signal);
  const refusal = facts.objections[0]?.message ?? facts.groupProblem?.message;
  const live = await changeLive(deps, population, policy, view, refusal, signal);
  // What was begun is told with the next write.
  if (early > 0) return { requeueAfterMs: Math.min(early, live?.nextMs ?? early) };
  const { clusterVersion } = await deps.cluster.get(signal);
  const { region } = deps.settings.current();
  const counts = countPods(standingsOf(deps, population, view));
  const missed = deps.missed.count(key);
  const selected = population.index.podsOf(key).flatMap((pod) => deps.informers.pods.get(pod) ?? []);
  const preflight = await checkPolicy(deps, key, facts, selected, signal);
  const conditions = [
    ...planPolicyConditions(facts),
    superNodeCondition(superNodeFacts(deps.informers.nodes.list(), { clusterVersion, region })),
    ...strictRouting(deps, selected),
    preflight.condition,
    programmedCondition(counts, missed),
    ...(live === undefined ? [] : [live.condition]),
  ];
  deps.lastWritten.set(key, { generation: policy.metadata.generation, atMs: deps.clock.monotonicMs() });
  const shown = preflight.findings.slice(0, MAX_FINDINGS).map((each) => ({ ...each }));
  const fields = { ...counts, missed, preflight: shown };
  await writePolicyStatus(deps, policy, { conditions, fields, gates: facts.gates, warnings: facts.warnings }, signal);
  const { policyResyncMs } = deps.timings;
  const isSettled = facts.groupProblem === undefined && preflight.condition.reason !== CHECKING;
  const againMs = isSettled ? policyResyncMs : Math.min(LOOK_SOON_MS, policyResyncMs);
  return { requeueAfterMs: Math.min(againMs, live?.nextMs ?? againMs) };
}

/** Shown once strict routing concerns the policy: whether one of its limits will bite (spec 002, Data Plane Solution). */
function strictRouting(deps: PolicyStatusDeps, selected: readonly WorkingPod[]): readonly ConditionInput[] {
  const findings = policyStrictFindings(deps, selected);
  const type = 'StrictRouting';
  const [first] = findings;
  if (first === undefined) return [];
  return [{ type, status: 'False', reason: first.code, message: findings.map(findingText).join('. ') }];
}

/** A new generation is answered at once; counts that change with every Pod of a roll-out are gathered. */
function tooEarlyMs({ lastWritten, clock, timings }: PolicyStatusDeps, key: string, generation?: number): number {
  const last = lastWritten.get(key);
  if (last === undefined || last.generation !== generation) return 0;
  return last.atMs + timings.policyStatusMs - clock.monotonicMs();
}

/** What of a node's sub-ENIs, and of how it routes them, a policy's status tells. */
const carries = (nec: NodeEniConfig | undefined): string =>
  JSON.stringify([nec?.status?.subENI, nec?.status?.node?.routing]);

const standing = (namespace: Namespace | undefined): string =>
  `${namespaceEnforces(namespace)} ${namespace !== undefined && namespaceExempt(namespace)}`;

const isOtherSuperNode = ({ before, after }: InformerChange<Node>): boolean =>
  superNodeText(before) !== superNodeText(after);

const superNodeText = (node: Node | undefined): string =>
  node === undefined ? '' : JSON.stringify(superNodeFacts([node], { clusterVersion: '', region: '' }));
