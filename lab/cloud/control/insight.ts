// What the request log tells: calls counted by action, caller and outcome, and an audit query.
import type { RequestLogEntry } from '../request-log.ts';

export interface CallCount {
  readonly action: string;
  /** As in the log: `root`, `user/NAME`, `role/NAME`, `anonymous` or empty. */
  readonly caller: string;
  /** `ok`, `dropped` or an error code. */
  readonly outcome: string;
  readonly count: number;
}

/** Sorted by action, caller, outcome. */
export function countCalls(entries: readonly RequestLogEntry[]): CallCount[] {
  const counts = new Map<string, CallCount>();
  for (const { action, caller, outcome } of entries) {
    const key = `${action}\0${caller}\0${outcome}`;
    counts.set(key, { action, caller, outcome, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

/** The counts in Prometheus's text format. */
export function renderMetrics(counts: readonly CallCount[]): string {
  const label = (text: string): string =>
    `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  const rows = counts.map(
    ({ action, caller, outcome, count }) =>
      `trunkline_cloud_calls_total{action=${label(action)},caller=${label(caller)},outcome=${label(outcome)}} ${count}\n`,
  );
  return `# HELP trunkline_cloud_calls_total Calls of the simulated cloud's API.\n# TYPE trunkline_cloud_calls_total counter\n${rows.join('')}`;
}

export interface AuditQuery {
  readonly action?: string | undefined;
  /** An id that stands anywhere in the parameters of the call. */
  readonly resource?: string | undefined;
  /** Arrival at this many milliseconds of the simulator's clock or later. */
  readonly since?: number | undefined;
  readonly outcome?: string | undefined;
}

/** Entries that meet all that is asked, in order of their answers. */
export function queryAudit(entries: readonly RequestLogEntry[], query: AuditQuery): RequestLogEntry[] {
  const { action, outcome, resource, since } = query;
  return entries.filter(
    (entry) =>
      (action === undefined || entry.action === action) &&
      (outcome === undefined || entry.outcome === outcome) &&
      (since === undefined || entry.at >= since) &&
      (resource === undefined || names(entry.body, resource)),
  );
}

function names(value: unknown, id: string): boolean {
  if (value === id) return true;
  return value !== null && typeof value === 'object' && Object.values(value).some((part) => names(part, id));
}
