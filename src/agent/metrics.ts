// The metrics of the agent; each exists with zero from the start.
import { cniCommands } from '../cni/call.ts';
import { type Counter, createExposition, type Exposition, type Gauge, type Histogram } from './exposition.ts';

/**
 * What ADD spends its time on, in its order: the Pod found; its network awaited (an address of the pool, or what ipamd makes); the record of the
 * wiring on disk; links, routes and rules of the node; addresses and routes of the Pod.
 */
export const addPhases = ['lookup', 'network', 'record', 'node', 'pod'] as const;
export type AddPhase = (typeof addPhases)[number];

/** What the repair of the kernel put right. */
export const repairKinds = ['rule-added', 'rule-removed', 'routes', 'sandbox-forgotten', 'pod-vanished'] as const;
export type RepairKind = (typeof repairKinds)[number];

export interface AgentMetrics {
  readonly exposition: Pick<Exposition, 'contentType' | 'text'>;
  /** Labels: phase. */
  readonly addPhase: Histogram;
  /** Seconds of each call. Labels: command, and code, which is 0, or that of the CNI error. */
  readonly calls: Histogram;
  /** Label: kind. */
  readonly repairs: Counter;
  readonly wired: Gauge;
  /** Rules of others at preferences of ours. */
  readonly foreignRules: Gauge;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createAgentMetrics(): AgentMetrics {
  const exposition = createExposition();
  const metrics: AgentMetrics = {
    exposition,
    addPhase: exposition.histogram(
      'trunkline_agent_add_phase_seconds',
      'Parts of ADD: lookup, network, record, node, pod',
      ['phase'],
      BUCKETS,
    ),
    calls: exposition.histogram(
      'trunkline_agent_cni_call_seconds',
      'Calls of the runtime by command and CNI error code, 0 for success',
      ['command', 'code'],
      BUCKETS,
    ),
    repairs: exposition.counter(
      'trunkline_agent_repairs_total',
      'What was found wrong in the kernel and put right',
      'kind',
    ),
    wired: exposition.gauge('trunkline_agent_wired_sandboxes', 'Sandboxes that are wired'),
    foreignRules: exposition.gauge(
      'trunkline_agent_foreign_rules',
      'Policy rules of others at the preferences of the agent',
    ),
  };
  for (const phase of addPhases) metrics.addPhase.zero([phase]);
  for (const command of cniCommands) metrics.calls.zero([command, '0']);
  for (const kind of repairKinds) metrics.repairs.inc(kind, 0);
  return metrics;
}
