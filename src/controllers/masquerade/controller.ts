// Tells what ip-masq-agent's configuration does to Pods that nobody meant: on each nec as a condition, on the ConfigMap as Events.
import type { NodeEniConfig } from '../../api/node-eni-config.ts';
import { createController, watchOf } from '../../kube/controller.ts';
import type { Condition, Controller, InformerChange } from '../../kube/types.ts';
import { findingText } from '../../planning/finding.ts';
import {
  coveredOthers,
  coversText,
  type MasqPod,
  type MasqState,
  masqueradeFindings,
} from '../../planning/masq-findings.ts';
import type { IpamdDeps } from '../deps.ts';
import { necConditions, writeNecStatus } from '../node/nec-status.ts';
import { isStrictEni, saysTheSame } from '../strict-limits/facts.ts';
import type { WorkingPod } from '../views.ts';
import { eipMarks, masqConfigMap, masqPods, masqStateReader } from './facts.ts';

/** Type of the condition: True where every Pod with an EIP keeps its own address, and no other is covered. */
export const MASQUERADE = 'Masquerade';
/** Reason of the Events on the ConfigMap. */
export const COVERS_OTHER_PODS = 'MasqSourceCoversPods';

/** The key of the cluster as a whole; no node is called like this. */
const CLUSTER = '';
/** So long nothing changes before the Pods of all nodes are told together. */
const QUIET_MS = 1_000;

/** Nothing is written for a node whose Pods do not depend on it, unless there is a condition from before. */
export function createMasqueradeReport(deps: IpamdDeps): Controller {
  const { informers, clock, logger } = deps;
  const state = masqStateReader(deps);
  const coveredOf = new Map<string, ReadonlyMap<string, readonly MasqPod[]>>();
  const told = new Set<string>();
  let changedAt = clock.monotonicMs();
  const everyNode = (): readonly string[] => informers.nodeEniConfigs.list().map(({ metadata }) => metadata.name);

  const reconcileNode = async (name: string): Promise<void> => {
    const nec = deps.necs.latest(name);
    if (nec === undefined) {
      coveredOf.delete(name);
      return;
    }
    const now = state();
    const pods = masqPods(deps, name);
    const covered = now.kind === 'configured' ? coveredOthers(now.config, pods) : new Map<string, readonly MasqPod[]>();
    if (covered.size > 0 || coveredOf.has(name)) {
      if (covered.size > 0) coveredOf.set(name, covered);
      else coveredOf.delete(name);
      changedAt = clock.monotonicMs();
      controller.enqueue(CLUSTER);
    }
    const condition = wanted(nec, now, pods);
    if (condition !== undefined)
      await writeNecStatus(deps, nec, { conditions: necConditions(nec, [condition], clock.now()) });
  };

  const tellCluster = (): { requeueAfterMs: number } | undefined => {
    const quietMs = clock.monotonicMs() - changedAt;
    if (quietMs < QUIET_MS) return { requeueAfterMs: QUIET_MS - quietMs };
    const all = new Map<string, MasqPod[]>();
    for (const covered of coveredOf.values())
      for (const [cidr, pods] of covered) all.set(cidr, [...(all.get(cidr) ?? []), ...pods]);
    for (const cidr of told) if (!all.has(cidr)) told.delete(cidr);
    const map = masqConfigMap(deps);
    for (const [cidr, pods] of all) {
      if (told.has(cidr) || map === undefined) continue;
      told.add(cidr);
      const message = findingText(coversText(cidr, pods));
      deps.recorder.record({ regarding: map, type: 'Warning', reason: COVERS_OTHER_PODS, message });
    }
    return undefined;
  };

  const controller = createController({
    name: 'masquerade',
    clock,
    logger,
    watches: [
      watchOf(informers.nodeEniConfigs, ({ type, key }) => (type === 'updated' ? [] : [key])),
      watchOf(informers.pods, (change) => {
        const now = state();
        const listed = now.kind === 'configured' && now.config.nonMasqueradeSrcCIDRs.length > 0;
        return nodesConcerned(change, listed);
      }),
      watchOf(informers.vpcEnis, ({ type, before, after }) => {
        const eni = after ?? before;
        return type !== 'updated' && eni !== undefined && isStrictEni(eni) ? [eni.spec.nodeName] : [];
      }),
      watchOf(informers.masqAgent, ({ type }) => (type === 'updated' ? [] : everyNode())),
      watchOf(informers.masqConfig, ({ before, after }) => (saysTheSame(before, after) ? [] : everyNode())),
    ],
    reconcile: async (key) => {
      if (key === CLUSTER) return tellCluster();
      await reconcileNode(key);
      return undefined;
    },
  });
  return controller;
}

/** Without sources in the configuration only Pods with an EIP decide anything. */
function nodesConcerned({ before, after }: InformerChange<WorkingPod>, listed: boolean): readonly string[] {
  const shown = (pod: WorkingPod | undefined): string =>
    pod === undefined || pod.podIp === undefined || pod.hostNetwork || pod.ended
      ? ''
      : JSON.stringify([pod.nodeName, pod.podIp, eipMarks(pod)]);
  const withEip = [before, after].some((pod) => pod !== undefined && eipMarks(pod).hasEip);
  if ((!listed && !withEip) || shown(before) === shown(after)) return [];
  return [...new Set([before?.nodeName, after?.nodeName])].filter((name) => name !== undefined);
}

function wanted(
  nec: NodeEniConfig,
  state: MasqState,
  pods: readonly MasqPod[],
): Omit<Condition, 'lastTransitionTime'> | undefined {
  const type = MASQUERADE;
  const before = nec.status?.conditions?.some((condition) => condition.type === type) === true;
  const concerned = pods.some(({ hasEip, strict }) => hasEip || strict);
  const findings = state.kind === 'unreadable' && !concerned && !before ? [] : masqueradeFindings(state, pods);
  const [first] = findings;
  if (first !== undefined) {
    const status = first.code === 'ConfigInvalid' ? 'Unknown' : 'False';
    return { type, status, reason: first.code, message: findings.map(findingText).join('; ') };
  }
  if (!concerned && !before) return undefined;
  if (state.kind === 'absent') {
    const message = 'ip-masq-agent is not installed: every Pod keeps its own address';
    return { type, status: 'True', reason: 'NotInstalled', message };
  }
  const message = 'Pods with an EIP keep their own address, and no other Pod is exempt by its source';
  return { type, status: 'True', reason: 'InOrder', message };
}
