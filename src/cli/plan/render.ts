// `plan` as text: Pods, flows, calls, quotas.
import type { FlowPlan } from '../../diagnose/plan/flows.ts';
import type { PlanReport } from '../../diagnose/plan/plan.ts';
import { renderTable, type Style } from '../table.ts';
import { joined, notKnownText } from '../text.ts';

export function renderPlan(report: PlanReport, style: Style): string {
  const { pods, workloads, flows, calls, quotas, assumptions, notLookedAt } = report;
  return joined([
    `${style.bold('Pods that would get other groups')}${
      pods.length === 0
        ? ': none\n'
        : `\n${renderTable(
            ['  POD', 'NOW', 'THEN', 'WHEN', 'WHY'],
            pods.map((change) => [
              `  ${change.pod}`,
              groupsText(change.now, change.from),
              groupsText(change.after, change.to),
              change.when === 'at-once' ? 'at once' : 'rebuilt',
              change.why,
            ]),
          )}`
    }`,
    workloads.length === 0
      ? ''
      : `${style.bold('New Pods')}\n${renderTable(
          ['  WORKLOAD', 'PODS', 'GROUPS'],
          workloads.map(({ workload, pods: count, groups }) => [
            `  ${workload}`,
            String(count),
            groups.join(',') || 'those of their node',
          ]),
        )}`,
    flowsText(flows, style),
    calls.length === 0
      ? ''
      : `${style.bold('Cloud calls')}\n${renderTable(
          ['  ACTION', 'CALLS', 'WHEN', 'WHY'],
          calls.map(({ action, count, when, why }) => [
            `  ${action}`,
            String(count),
            when === 'at-once' ? 'at once' : when,
            why,
          ]),
        )}`,
    quotas.length === 0
      ? ''
      : `${style.red('Quotas that it would meet')}\n${quotas.map(({ quota, message }) => `  ${quota}: ${message}\n`).join('')}`,
    assumptions.length === 0
      ? ''
      : `${style.bold('Taken for granted')}\n${assumptions.map((line) => `  ${line}\n`).join('')}`,
    notLookedAt.length === 0 ? '' : `${style.yellow('Not looked at')}: ${notLookedAt.join(', ')}\n`,
    notKnownText(report.notKnown, style),
    `${style.dim('Nothing was written.')}\n`,
  ]);
}

const groupsText = (groups: readonly string[], kind: string): string => `${groups.join(',') || 'none'} (${kind})`;

const MOST = 100;

function flowsText(flows: FlowPlan | undefined, style: Style): string {
  const title = style.bold('Flows between workloads that would open or close');
  if (flows === undefined) return `${title}: not known without the rules of the cloud\n`;
  const { changes, unknownGroups, podsLeftOut } = flows;
  const asked = `${flows.workloads} workloads, ${flows.portsAsked} ${flows.portsAsked === 1 ? 'port' : 'ports'} asked`;
  const left =
    podsLeftOut === 0
      ? ''
      : `  ${podsLeftOut} Pods are left out: ${unknownGroups.length === 0 ? 'their groups are not known' : `what ${unknownGroups.join(', ')} decide is not known`}\n`;
  if (changes.length === 0) return `${title}: none (${asked})\n${left}`;
  const rows = changes
    .slice(0, MOST)
    .map((flow) => [
      `  ${flow.change === 'opens' ? style.green('opens') : flow.change === 'closes' ? style.red('closes') : flow.change.replace('-', ' ')}`,
      flow.from,
      flow.to,
      `${flow.protocol} ${flow.port}`,
      `${flow.before.open} of ${flow.before.of}`,
      `${flow.after.open} of ${flow.after.of}`,
    ]);
  const more = changes.length > MOST ? `  and ${changes.length - MOST} more; -o json has them all\n` : '';
  return `${title} (${asked})\n${renderTable(['  CHANGE', 'FROM', 'TO', 'PORT', 'PAIRS NOW', 'PAIRS THEN'], rows)}${more}${left}`;
}
