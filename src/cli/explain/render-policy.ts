// `explain sgp` as text.
import type { PolicyExplanation, PolicyGroup } from '../../diagnose/explain/policy.ts';
import { renderTable, type Style } from '../table.ts';
import { conditionsText, facts, joined, notKnownText } from '../text.ts';

export function renderPolicy(explanation: PolicyExplanation, style: Style): string {
  const { groups, pods, preflight, conditions } = explanation;
  return joined([
    `${style.bold(`SecurityGroupPolicy ${explanation.policy}`)}\n${facts([
      ['selects', explanation.selects],
      [
        'edits',
        explanation.updateStrategy === 'Live'
          ? 'change running Pods (Live)'
          : 'reach Pods when they are rebuilt (OnDelete)',
      ],
    ])}`,
    ...groups.map((group) => groupText(group, style)),
    pods.length === 0
      ? `${style.bold('Pods')}\n  none\n`
      : `${style.bold('Pods')}\n${renderTable(
          ['  POD', 'NODE', 'HAS ITS GROUPS', 'WHY'],
          pods.map(({ pod, node, answer, why }) => [
            `  ${pod}`,
            node ?? 'not scheduled',
            answer === 'applies' ? 'yes' : answer,
            why,
          ]),
        )}`,
    preflight.length === 0
      ? ''
      : `${style.yellow('Rules that its groups lack (spec 001, conditions)')}\n${preflight
          .map(
            ({ requirement, message, command }) =>
              `  ${requirement}: ${message}\n${command === undefined ? '' : `    ${command}\n`}`,
          )
          .join('')}`,
    conditionsText(conditions, style),
    notKnownText(explanation.notKnown, style),
  ]);
}

function groupText(group: PolicyGroup, style: Style): string {
  const title = `${style.bold(`Group ${group.groupId}`)}${group.name === undefined ? '' : ` ${group.name}`}`;
  if (group.exists === false) return `${title}: ${style.red('does not exist')}\n`;
  if (group.notUnderstood !== undefined)
    return `${title}: ${style.yellow('not understood')}\n${group.notUnderstood.map((problem) => `  ${problem}\n`).join('')}`;
  if (group.ingress === undefined || group.egress === undefined) return `${title}: its rules are not known\n`;
  const list = (name: string, rules: readonly string[]): string =>
    `  ${name}${rules.length === 0 ? ': no rule, all is dropped' : ''}\n${rules.map((rule) => `    ${rule}\n`).join('')}`;
  return `${title}\n${list('ingress', group.ingress)}${list('egress', group.egress)}`;
}
