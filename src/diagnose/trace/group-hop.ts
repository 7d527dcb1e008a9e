// One passage of an ENI's security groups, with the rule that decided and what would open it.
import { parseAddress } from '../../securitygroup/address.ts';
import type { Verdict } from '../../securitygroup/evaluate.ts';
import type { Direction } from '../../securitygroup/rule.ts';
import { type CloudGroup, gapOf } from '../picture/picture.ts';
import { openFlow } from './commands.ts';
import type { Party, VpcPort } from './party.ts';
import { ruleText } from './rule-text.ts';
import type { Cause, DecidingRule, FlowProtocol, Hop } from './trace.ts';
import type { World } from './world.ts';

export interface GroupQuestion {
  /** Whose groups. */
  readonly party: Party;
  readonly port: VpcPort;
  readonly direction: Direction;
  readonly protocol: FlowProtocol;
  /** Destination port. */
  readonly flowPort: number | undefined;
  /** Address of the other side, as it is in the VPC. */
  readonly peer: string;
  /** Who the other side is, for people. */
  readonly peerName: string;
}

export interface GroupAnswer {
  readonly hop: Hop;
  readonly cause?: Cause;
  readonly unknown?: string;
}

/** First match decides over all groups in their order; what is not understood is not guessed. */
export function passGroups(world: World, question: GroupQuestion): GroupAnswer {
  const { port, direction, party } = question;
  const where = direction === 'ingress' ? 'target-groups' : 'source-groups';
  const eni = port.eniId === undefined ? `the ENI of ${port.address}` : `${port.eniId} (${port.address})`;
  const words = direction === 'ingress' ? 'inbound' : 'outbound';
  const unknown = (why: string): GroupAnswer => ({
    hop: { where, verdict: 'unknown', source: 'inferred', text: `${eni} of ${party.name}, ${words}: ${why}` },
    unknown: why,
  });
  if (port.groups === undefined)
    return unknown(`the security groups of ${port.address} are not known: ${cloudGap(world, 'enis')}`);
  if (port.groups.length === 0)
    return {
      hop: {
        where,
        verdict: 'pass',
        source: port.source,
        rule: 'no-group',
        text: `${eni} of ${party.name} has no security group: nothing is filtered ${words}`,
      },
    };
  const decided = decide(world, question, port.groups);
  if ('why' in decided) return unknown(decided.why);
  const list = port.groups.map((id) => groupName(world, id)).join(', ');
  if (decided.verdict.decidedBy === 'default-drop' || decided.verdict.decidedBy === 'no-group') {
    const text = `${eni} of ${party.name}: no ${words} rule of ${list} matches ${flowText(question)}`;
    return {
      hop: { where, verdict: 'drop', source: 'cloud', rule: 'default-drop', text },
      cause: blocked(world, question, decided.deleted, undefined),
    };
  }
  const { groupId, index, rule } = decided.verdict.decidedBy;
  const deciding: DecidingRule = {
    groupId,
    groupName: world.picture.cloud?.groups.get(groupId)?.name ?? '',
    direction,
    index,
    text: ruleText(rule, direction),
  };
  const text = `${eni} of ${party.name}: ${groupName(world, groupId)} ${words} rule ${index}, ${deciding.text}, decides ${flowText(question)}`;
  if (decided.verdict.verdict === 'ACCEPT')
    return { hop: { where, verdict: 'pass', source: 'cloud', rule: deciding, text } };
  return {
    hop: { where, verdict: 'drop', source: 'cloud', rule: deciding, text },
    cause: blocked(world, question, decided.deleted, { groupId, index }),
  };
}

const flowText = ({ protocol, flowPort, direction, peer, peerName }: GroupQuestion): string =>
  `${protocol}${flowPort === undefined ? '' : ` ${flowPort}`} ${direction === 'ingress' ? 'from' : 'to'} ${peer}${peerName === peer ? '' : ` (${peerName})`}`;

function cloudGap(world: World, part: string): string {
  return gapOf(world.picture, part) ?? gapOf(world.picture, 'cloud') ?? `the cloud did not say (${part})`;
}

type Decided = { readonly verdict: Verdict; readonly deleted: readonly string[] } | { readonly why: string };

function decide(world: World, question: GroupQuestion, groupIds: readonly string[]): Decided {
  const { cloud } = world.picture;
  if (cloud === undefined)
    return { why: `the rules of ${groupIds.join(', ')} are not known: ${cloudGap(world, 'cloud')}` };
  const peer = parseAddress(question.peer);
  if (peer === undefined) return { why: `"${question.peer}" is no address` };
  const deleted: string[] = [];
  const known: string[] = [];
  let unknown: string | undefined;
  for (const id of groupIds) {
    const group = cloud.groups.get(id);
    if (group?.rules.ok === true) {
      known.push(id);
      continue;
    }
    unknown = group === undefined ? unread(world, id) : notUnderstood(group);
    // What stands behind it counts only when it says nothing, which is not known.
    if (unknown !== undefined) break;
    deleted.push(id);
  }
  const { direction, protocol, flowPort } = question;
  const port = flowPort === undefined ? {} : { port: flowPort };
  const verdict: Verdict =
    known.length === 0
      ? { verdict: 'DROP', decidedBy: 'default-drop' }
      : world.groups.verdict(known, { direction, protocol, ...port, peer });
  return unknown !== undefined && verdict.decidedBy === 'default-drop' ? { why: unknown } : { verdict, deleted };
}

/** Undefined: the cloud was asked and has no such group. */
function unread(world: World, id: string): string | undefined {
  const gap = gapOf(world.picture, `group ${id}`);
  return gap === undefined ? undefined : `the rules of ${id} could not be read: ${gap}`;
}

function notUnderstood({ groupId, rules }: CloudGroup): string {
  const problems = rules.ok ? [] : rules.problems;
  const more = problems.length > 1 ? ` and ${problems.length - 1} more` : '';
  return `a rule of ${groupId} is not understood: ${problems[0]?.path ?? ''}: ${problems[0]?.message ?? ''}${more}`;
}

function blocked(
  world: World,
  question: GroupQuestion,
  deleted: readonly string[],
  dropper: { readonly groupId: string; readonly index: number } | undefined,
): Cause {
  const { direction, protocol, flowPort, peer, party, port } = question;
  const groups = port.groups ?? [];
  const inbound = direction === 'ingress';
  const target =
    dropper?.groupId ??
    leastShared(
      world,
      groups.filter((id) => !deleted.includes(id)),
    );
  const cures =
    target === undefined
      ? []
      : [openFlow({ groupId: target, direction, protocol, port: flowPort, peer, before: dropper?.index })];
  const way = inbound ? `does not let ${flowText(question)} in` : `does not let ${flowText(question)} out`;
  const who = `${party.name} (${port.address})`;
  if (deleted.length > 0 && dropper === undefined)
    return {
      code: 'GroupDeleted',
      text: `security group ${deleted.join(', ')} of ${who} does not exist any more, and what is left ${way}: the caller times out`,
      cures,
    };
  const by =
    dropper === undefined
      ? `no rule of ${groups.map((id) => groupName(world, id)).join(', ')} accepts it`
      : `rule ${dropper.index} of ${groupName(world, dropper.groupId)} drops it`;
  return {
    code: inbound ? 'TargetGroupBlocks' : 'SourceGroupBlocks',
    text: `the security group of ${who} ${way}: ${by}; the caller times out`,
    cures,
  };
}

/** The group that the fewest others have: a rule put there opens the least. */
function leastShared(world: World, groups: readonly string[]): string | undefined {
  return groups.toSorted((a, b) => world.membership(a).length - world.membership(b).length)[0];
}

/** `sg-1 (web)`. */
export function groupName(world: World, id: string): string {
  const name = world.picture.cloud?.groups.get(id)?.name ?? '';
  return name === '' ? id : `${id} (${name})`;
}
