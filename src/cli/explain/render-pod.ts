// `explain pod` as text.
import type { PodExplanation } from '../../diagnose/explain/pod.ts';
import type { PodGroup } from '../../diagnose/explain/pod-groups.ts';
import type { PodNetwork } from '../../diagnose/explain/pod-network.ts';
import { renderTable, type Style } from '../table.ts';
import { facts, joined, notKnownText, oneLine, seconds } from '../text.ts';

/** Sections in the order in which one asks: where, which groups, which policies, outside, how long, what now. */
export function renderPod(explanation: PodExplanation, style: Style): string {
  const { network, policies, egress, phases, waiting } = explanation;
  const sections = [
    `${style.bold(`Pod ${explanation.pod}`)}: ${explanation.phase}\n${facts(networkRows(network))}`,
    section(style, `Security groups, in order of priority`, groupsText(explanation, style)),
    policies.length === 0
      ? ''
      : section(
          style,
          'Policies of the namespace',
          renderTable(
            ['  POLICY', 'APPLIES', 'WHY'],
            policies.map(({ policy, answer, why }) => [`  ${policy}`, answer === 'applies' ? 'yes' : answer, why]),
          ),
        ),
    section(style, 'To the internet', egressText(egress)),
    phases.length === 0
      ? ''
      : section(
          style,
          'Phases',
          renderTable(
            ['  PHASE', 'TOOK', 'UNTIL', 'KNOWN BY'],
            phases.map(({ phase, seconds: took, until, by }) => [`  ${phase}`, seconds(took), until ?? 'now', by]),
          ),
        ),
    waiting === undefined
      ? ''
      : `${style.yellow('Waits')} for ${waiting.what}, since ${waiting.since}${waiting.why === undefined ? '' : `\n  ${waiting.why}`}\n`,
    notKnownText(explanation.notKnown, style),
  ];
  return joined(sections);
}

const section = (style: Style, title: string, body: string): string => `${style.bold(title)}\n${body}`;

const KINDS: Readonly<Record<PodNetwork['kind'], string>> = {
  shared: 'an address of a shared ENI of its node',
  'sub-eni': 'an ENI of its own on the trunk of its node (sub-ENI)',
  exclusive: 'a whole ENI of its own',
  'super-node': 'a machine of its own on a super node',
  host: "its node's own network",
};

function networkRows(network: PodNetwork): readonly (readonly [string, string | undefined])[] {
  const { eniId, vpcEni, mac, subnetId, vlanId, routing } = network;
  const eni = [
    eniId ?? 'not there yet',
    ...(vpcEni === undefined ? [] : [`VpcENI ${vpcEni}`]),
    ...(subnetId === undefined ? [] : [subnetId]),
    ...(mac === undefined ? [] : [mac]),
    ...(vlanId === undefined ? [] : [`VLAN ${vlanId}`]),
  ];
  return [
    ['network', `${KINDS[network.kind]}${network.network === undefined ? '' : ` (${network.network})`}`],
    ['routing', routing],
    ['node', network.node ?? 'not scheduled yet'],
    ['ENI', network.kind === 'host' && eniId === undefined ? undefined : eni.join(', ')],
    ['addresses', network.addresses.length === 0 ? 'none yet' : network.addresses.join(', ')],
    ['claim', network.claim === undefined ? undefined : `VpcIPClaim ${network.claim}`],
  ];
}

function groupsText({ groups, network }: PodExplanation, style: Style): string {
  if (groups.length === 0) return `  ${noGroups(network)}\n`;
  const rows = groups.map((group) => [`  ${group.groupId}`, group.name ?? '', inForceText(group), group.why]);
  const problems = groups.flatMap((group) =>
    (group.notUnderstood ?? []).map((problem) => `  ${style.yellow(group.groupId)}: not understood: ${problem}\n`),
  );
  return renderTable(['  GROUP', 'NAME', 'IN FORCE', 'WHERE FROM'], rows) + problems.join('');
}

function noGroups({ groups, addresses, node }: PodNetwork): string {
  if (groups !== undefined) return 'none: nothing is filtered';
  if (node === undefined) return 'none yet: it has no node, and no policy gives it any';
  return addresses.length === 0
    ? 'none yet: it has no address, and no policy gives it any'
    : 'not known: the cloud was not asked, and no object of the cluster records them';
}

function inForceText({ inForce, exists }: PodGroup): string {
  if (exists === false) return 'no: it does not exist';
  return inForce === undefined ? 'not known' : inForce ? 'yes' : 'no';
}

function egressText({ eip, internet, notKnown }: PodExplanation['egress']): string {
  const lines: string[] = [];
  if (eip !== undefined) {
    const state = eip.phase === undefined ? 'bound' : eip.phase;
    lines.push(
      `EIP ${eip.publicIp || 'not there yet'}${eip.eipId === '' ? '' : ` (${eip.eipId})`}: ${state}${eip.since === undefined ? '' : ` since ${eip.since}`}`,
    );
    if (eip.problem !== undefined) lines.push(oneLine(eip.problem));
  }
  if (internet === undefined) lines.push(`not known: ${notKnown ?? ''}`);
  else {
    const via = {
      eip: 'its EIP',
      'nat-gateway': 'a NAT gateway',
      node: 'its node',
      pod: 'its private address',
      none: 'nothing',
    }[internet.via];
    lines.push(
      internet.address === undefined
        ? `nothing arrives there`
        : `seen as ${internet.addresses.join(' or ')}, by ${via}${internet.certain ? '' : ' (not certain)'}`,
    );
    lines.push(...internet.why.map((why) => `  ${why}`), ...internet.cures.map((cure) => `  to use the EIP: ${cure}`));
  }
  return lines.map((line) => `  ${line}\n`).join('');
}
