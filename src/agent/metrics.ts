// The metrics of the agent; each exists with zero from the start.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { cniCommands } from '../cni/call.ts';

/**
 * What ADD spends its time on, in its order: the Pod found; its network awaited (an address of the pool, or what ipamd makes); the record of the
 * wiring on disk; links, routes and rules of the node; addresses and routes of the Pod.
 */
export const addPhases = ['lookup', 'network', 'record', 'node', 'pod'] as const;
export type AddPhase = (typeof addPhases)[number];

/** What the repair of the kernel put right. */
const repairKinds = ['rule-added', 'rule-removed', 'routes', 'sandbox-forgotten', 'pod-vanished'] as const;

export interface AgentMetrics {
  readonly registry: Registry;
  readonly addPhase: Histogram<'phase'>;
  /** Seconds of each call; `code` is 0, or that of the CNI error. */
  readonly calls: Histogram<'command' | 'code'>;
  readonly repairs: Counter<'kind'>;
  readonly wired: Gauge;
  /** Rules of others at preferences of ours. */
  readonly foreignRules: Gauge;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A registry of its own, so that two programs in one process do not meet. */
export function createAgentMetrics(): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const metrics: AgentMetrics = {
    registry,
    addPhase: new Histogram({
      name: 'trunkline_agent_add_phase_seconds',
      help: 'Parts of ADD: lookup, network, record, node, pod',
      labelNames: ['phase'],
      buckets: BUCKETS,
      registers,
    }),
    calls: new Histogram({
      name: 'trunkline_agent_cni_call_seconds',
      help: 'Calls of the runtime by command and CNI error code, 0 for success',
      labelNames: ['command', 'code'],
      buckets: BUCKETS,
      registers,
    }),
    repairs: new Counter({
      name: 'trunkline_agent_repairs_total',
      help: 'What was found wrong in the kernel and put right',
      labelNames: ['kind'],
      registers,
    }),
    wired: new Gauge({ name: 'trunkline_agent_wired_sandboxes', help: 'Sandboxes that are wired', registers }),
    foreignRules: new Gauge({
      name: 'trunkline_agent_foreign_rules',
      help: 'Policy rules of others at the preferences of the agent',
      registers,
    }),
  };
  for (const phase of addPhases) metrics.addPhase.zero({ phase });
  for (const command of cniCommands) metrics.calls.zero({ command, code: '0' });
  for (const kind of repairKinds) metrics.repairs.inc({ kind }, 0);
  return metrics;
}
