// `explain eip` as text.
import type { EipExplanation } from '../../diagnose/explain/eip.ts';
import type { Style } from '../table.ts';
import { conditionsText, facts, joined, notKnownText } from '../text.ts';

export function renderEip(explanation: EipExplanation, style: Style): string {
  const { inCloud, why, cures, seenAs, used } = explanation;
  const seen = seenAs ?? (used === false ? 'nothing of what the Pod sends arrives in the internet' : undefined);
  return joined([
    `${style.bold(`EIP ${explanation.publicIp ?? 'not there yet'}`)}${explanation.eipId === undefined ? '' : ` (${explanation.eipId})`}\n${facts(
      [
        [
          'claim',
          explanation.claim === undefined
            ? 'none: bound by hand'
            : `EIPClaim ${explanation.claim}, ${explanation.deletePolicy === 'Never' ? 'kept after its Pod' : 'released with its Pod'}`,
        ],
        ['phase', explanation.phase],
        [
          'in cloud',
          inCloud === undefined
            ? 'not seen'
            : `${inCloud.status}${inCloud.privateIp === '' ? ', bound to nothing' : `, bound to ${inCloud.privateIp} of ${inCloud.eniId || inCloud.instanceId}`}`,
        ],
        [
          'Pod',
          explanation.pod === undefined ? 'none' : `${explanation.pod} (${explanation.podAddress ?? 'no address yet'})`,
        ],
        ['unbound', explanation.unboundSince === undefined ? undefined : `since ${explanation.unboundSince}`],
        ['released', explanation.releaseAt === undefined ? undefined : `at ${explanation.releaseAt}`],
        [
          'seen as',
          seen === undefined
            ? undefined
            : `${seen}${used === false ? `: ${style.yellow('the EIP is passed by')}` : ''}`,
        ],
      ],
    )}`,
    why.length === 0
      ? ''
      : `${style.bold('Why')}\n${why.map((line) => `  ${line}\n`).join('')}${cures.map((cure) => `  to use the EIP: ${cure}\n`).join('')}`,
    conditionsText(explanation.conditions, style),
    notKnownText(explanation.notKnown, style),
  ]);
}
