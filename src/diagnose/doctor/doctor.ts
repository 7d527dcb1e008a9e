// The complete list of doctor's checks, and the report that they make together. Pure.
import type { Check, Finding, Severity } from './check.ts';
import { actions, allowList } from './checks/actions.ts';
import { claims } from './checks/claims.ts';
import { drift, type DriftRow, driftRows } from './checks/drift.ts';
import { groups } from './checks/groups.ts';
import { installation } from './checks/installation.ts';
import { masquerade } from './checks/masquerade.ts';
import { kernel, models, nodes } from './checks/nodes.ts';
import { orphans } from './checks/orphans.ts';
import { programs } from './checks/programs.ts';
import { subnets } from './checks/subnets.ts';
import { versions } from './checks/versions.ts';
import { webhook } from './checks/webhook.ts';
import type { ActionProbe, DoctorInput } from './input.ts';

/** In the order in which one would mend what they find. */
export const checks: readonly Check[] = [
  installation,
  programs,
  versions,
  actions,
  allowList,
  webhook,
  nodes,
  models,
  kernel,
  subnets,
  groups,
  masquerade,
  claims,
  orphans,
  drift,
];

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly state: 'ok' | Severity;
  readonly findings: readonly Finding[];
}

export interface DoctorReport {
  readonly takenAt: string;
  readonly checks: readonly CheckResult[];
  readonly drift: readonly DriftRow[];
  readonly actions: readonly ActionProbe[];
  /** Whose keys were tried; absent: none. */
  readonly probedAs?: string;
}

const ORDER: readonly Severity[] = ['problem', 'warning', 'unknown'];

/** `only`: ids of checks; absent: all. */
export function examine(input: DoctorInput, only?: readonly string[]): DoctorReport {
  return {
    takenAt: input.picture.takenAt,
    checks: checks
      .filter(({ id }) => only === undefined || only.includes(id))
      .map((check) => {
        const findings = check.run(input).toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
        return { id: check.id, title: check.title, state: findings[0]?.severity ?? 'ok', findings };
      }),
    drift: driftRows(input),
    actions: input.probes ?? [],
    ...(input.probedAs === undefined ? {} : { probedAs: input.probedAs }),
  };
}
