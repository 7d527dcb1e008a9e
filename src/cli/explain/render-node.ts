// `explain node` as text.
import type { NodeExplanation } from '../../diagnose/explain/node.ts';
import { renderTable, type Style } from '../table.ts';
import { facts, joined, notKnownText } from '../text.ts';

export function renderNode(explanation: NodeExplanation, style: Style): string {
  const { groups, enis, offers, kernel, troubles, pods } = explanation;
  return joined([
    `${style.bold(`Node ${explanation.node}`)}: ${explanation.kind === 'unmanaged' ? 'not managed: it has no nec' : `${explanation.kind} node`}\n${facts(
      [
        ['addresses', explanation.addresses.join(', ')],
        [
          'instance',
          [explanation.instanceId, explanation.instanceType, explanation.zone, explanation.instanceState]
            .filter((part) => part !== undefined)
            .join(', '),
        ],
        [
          'Pods',
          Object.entries(pods)
            .map(([kind, count]) => `${count} ${kind}`)
            .join(', ') || 'none',
        ],
        ['pool', explanation.pool],
      ],
    )}`,
    `${style.bold('Security groups of its ENIs')}\n${facts([
      ['managed', `${groups.state}${groups.origin === undefined ? '' : `, list from ${groups.origin}`}`],
      ['list', groups.list.join(', ') || 'none'],
      ['primary', groups.primaryEni],
    ])}`,
    enis.length === 0
      ? ''
      : `${style.bold('ENIs')}\n${renderTable(
          ['  ENI', 'INDEX', 'KIND', 'ADDRESS', 'SUBNET', 'IN USE', 'GROUPS'],
          enis.map((eni) => [
            `  ${eni.eniId}`,
            String(eni.index ?? ''),
            eni.trunk ? 'trunk' : 'shared',
            eni.primaryIp,
            eni.subnetId,
            `${eni.inUse} of ${eni.addresses}`,
            `${eni.groups.join(',') || 'none'}${eni.groupsInCloud === undefined ? '' : ` (the cloud has ${eni.groupsInCloud.join(',') || 'none'})`}`,
          ]),
        )}`,
    offers.length === 0
      ? ''
      : `${style.bold('What it offers')}\n${renderTable(
          ['  RESOURCE', 'OFFERS', 'USED', 'WHY'],
          offers.map(({ resource, capacity, used, reason }) => [
            `  ${resource}`,
            capacity === undefined ? 'none' : String(capacity),
            String(used),
            reason ?? '',
          ]),
        )}`,
    Object.keys(kernel).length === 0
      ? ''
      : `${style.bold('Kernel, as its agent says')}\n${facts(Object.entries(kernel))}`,
    troubles.length === 0
      ? ''
      : `${style.yellow('Troubles')}\n${troubles.map(({ where, what, since }) => `  ${where}: ${what}${since === undefined ? '' : ` (since ${since})`}\n`).join('')}`,
    notKnownText(explanation.notKnown, style),
  ]);
}
