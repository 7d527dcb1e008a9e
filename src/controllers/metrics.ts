// The metrics of ipamd; each exists with zero from the start.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CloudMetrics } from '../cloud/metrics.ts';

export interface IpamdMetrics {
  readonly registry: Registry;
  /** Seconds from a Pod's binding until its address and groups are in force (documented name, facts tke.md 2.2). */
  readonly podSetIpLatency: Histogram;
  /** Creating calls of sub-ENIs and trunks, by outcome. */
  readonly eniCreations: Counter<'outcome'>;
  readonly eniReleases: Counter;
  /** ENIs of this cluster in the cloud that have no owner, as the last complete listing showed. */
  readonly orphans: Gauge;
  readonly orphansDeleted: Counter;
  /** Ready sub-ENIs whose cloud side was changed by hand. */
  readonly enisDrifted: Gauge;
  /** 1 while there are too many orphans to be believed. */
  readonly orphansStopped: Gauge;
  /** What the cloud adapter counts. */
  readonly cloud: CloudMetrics;
}

export const creationOutcomes = ['created', 'refused', 'unknown'] as const;

/** A registry of its own, so that two programs in one process do not meet. */
export function createIpamdMetrics(): IpamdMetrics {
  const registry = new Registry();
  const registers = [registry];
  const metrics: IpamdMetrics = {
    registry,
    podSetIpLatency: new Histogram({
      name: 'ipamd_pod_set_ip_latency_seconds',
      help: 'From a Pod bound to a node until its address and security groups are in force',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    eniCreations: new Counter({
      name: 'trunkline_eni_creations_total',
      help: 'Creating calls to the cloud by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    eniReleases: new Counter({
      name: 'trunkline_eni_releases_total',
      help: 'ENIs seen gone after a release',
      registers,
    }),
    orphans: new Gauge({ name: 'trunkline_orphans', help: 'ENIs of this cluster without an owner', registers }),
    enisDrifted: new Gauge({
      name: 'trunkline_enis_drifted',
      help: 'Ready sub-ENIs that are gone from the cloud or bound to other groups than given',
      registers,
    }),
    orphansDeleted: new Counter({ name: 'trunkline_orphans_deleted_total', help: 'Orphans deleted', registers }),
    orphansStopped: new Gauge({
      name: 'trunkline_orphan_collection_stopped',
      help: '1 while too many orphans stop their collection',
      registers,
    }),
    cloud: cloudMetrics(registers),
  };
  for (const outcome of creationOutcomes) metrics.eniCreations.inc({ outcome }, 0);
  return metrics;
}

function cloudMetrics(registers: Registry[]): CloudMetrics {
  const calls = new Counter({
    name: 'trunkline_cloud_calls_total',
    help: 'Requests to the cloud by action and outcome (ok or a catalogue code)',
    labelNames: ['action', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'trunkline_cloud_call_seconds',
    help: 'Duration of requests to the cloud',
    labelNames: ['action'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const waits = new Histogram({
    name: 'trunkline_cloud_budget_wait_seconds',
    help: 'Time that requests waited for their budget',
    labelNames: ['priority'],
    buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 30],
    registers,
  });
  const limits = new Gauge({
    name: 'trunkline_cloud_limit_per_second',
    help: 'Calls per second that the budget of an action allows now',
    labelNames: ['action'],
    registers,
  });
  return {
    called: (action, outcome, duration) => {
      calls.inc({ action, outcome });
      seconds.observe({ action }, duration);
    },
    waited: (_, priority, duration) => waits.observe({ priority }, duration),
    limited: (action, perSecond) => limits.set({ action }, perSecond),
  };
}
