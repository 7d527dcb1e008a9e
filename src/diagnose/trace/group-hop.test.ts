// Passing security groups: which rule decided, what is not guessed, and that the printed command opens what was shut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSecurityGroup } from '../../securitygroup/parse.ts';
import type { ClusterPicture } from '../picture/picture.ts';
import { traceFlow } from './flow.ts';
import { ANY, pictureOf, podPlace, type TestRule } from './testing/cluster.ts';
import type { Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
type Rules = { readonly in?: readonly TestRule[]; readonly out?: readonly TestRule[] };

function clusterOf(target: readonly string[], groups: Readonly<Record<string, Rules>>, source = ['open']) {
  return pictureOf({
    nodes: { [N1]: [], [N2]: [] },
    shared: { [N1]: source, [N2]: target },
    groups: { open: { in: [ANY], out: [ANY] }, ...groups },
    pods: [
      { name: 'a', address: '10.0.32.1', node: N1, ports: [80] },
      { name: 'b', address: '10.0.36.1', node: N2, ports: [80] },
    ],
  });
}
const aToB = (picture: ClusterPicture): Trace =>
  traceFlow(picture, { from: podPlace(picture, 'a'), to: podPlace(picture, 'b'), protocol: 'TCP', port: 80 });
const web = (Action: 'ACCEPT' | 'DROP', CidrBlock = '10.0.0.0/16'): TestRule => ({
  Protocol: 'TCP',
  Port: '80',
  CidrBlock,
  Action,
});
const hopOf = (trace: Trace, where: string) => trace.hops.find((hop) => hop.where === where);

describe('a passage of security groups', () => {
  it('names the group, the place and the text of the rule that decided', () => {
    const trace = aToB(clusterOf(['web'], { web: { in: [web('DROP', '10.0.32.99/32'), web('ACCEPT')] } }));
    expect(trace.verdict).toBe('delivered');
    expect(hopOf(trace, 'target-groups')).toMatchObject({
      verdict: 'pass',
      source: 'cloud',
      rule: { groupId: 'web', direction: 'ingress', index: 1, text: 'ACCEPT TCP 80 from 10.0.0.0/16' },
    });
  });

  it('without a matching rule is shut, and opened for the address that is seen and the port alone', () => {
    const trace = aToB(clusterOf(['web'], { web: { in: [web('ACCEPT', '10.0.99.0/24')] } }));
    expect([trace.verdict, trace.cause?.code, hopOf(trace, 'target-groups')?.rule]).toEqual([
      'dropped',
      'TargetGroupBlocks',
      'default-drop',
    ]);
    expect(trace.cause?.cures).toEqual([
      {
        tool: 'tccli',
        command:
          'tccli vpc CreateSecurityGroupPolicies --cli-unfold-argument --SecurityGroupId web --SecurityGroupPolicySet.Ingress.0.Protocol TCP' +
          ' --SecurityGroupPolicySet.Ingress.0.Port 80 --SecurityGroupPolicySet.Ingress.0.CidrBlock 10.0.32.1/32 --SecurityGroupPolicySet.Ingress.0.Action ACCEPT',
      },
    ]);
  });

  it('with a DROP is opened in front of it, in the group that has it', () => {
    const trace = aToB(clusterOf(['one', 'two'], { one: {}, two: { in: [web('DROP'), ANY] } }));
    expect(trace.cause?.cures[0]?.command).toContain(
      '--SecurityGroupId two --SecurityGroupPolicySet.Ingress.0.PolicyIndex 0 ',
    );
  });

  it('of the sender is asked first, and opened outbound', () => {
    const trace = aToB(clusterOf(['open'], { quiet: { in: [ANY] } }, ['quiet']));
    expect([trace.verdict, trace.cause?.code, trace.hops.at(-1)?.where]).toEqual([
      'dropped',
      'SourceGroupBlocks',
      'source-groups',
    ]);
    expect(trace.cause?.cures[0]?.command).toContain('--SecurityGroupPolicySet.Egress.0.CidrBlock 10.0.36.1/32');
  });

  it('without any group filters nothing', () => {
    expect(hopOf(aToB(clusterOf([], {}, [])), 'target-groups')?.rule).toBe('no-group');
  });

  it('is put into the group that the fewest have, so that the least is opened', () => {
    const picture = pictureOf({
      nodes: { [N1]: ['wide'], [N2]: ['wide'] },
      shared: { [N1]: [], [N2]: ['wide', 'narrow'] },
      groups: { wide: {}, narrow: {} },
      pods: [
        { name: 'a', address: '10.0.32.1', node: N1 },
        { name: 'b', address: '10.0.36.1', node: N2 },
      ],
    });
    expect(aToB(picture).cause?.cures[0]?.command).toContain('--SecurityGroupId narrow ');
  });
});

describe('what is not known', () => {
  const unsure = (picture: ClusterPicture, words: string): void => {
    const trace = aToB(picture);
    expect(trace.verdict).toBe('unknown');
    expect(trace.unknowns.join(' ')).toContain(words);
  };
  const picture = clusterOf(['web'], { web: { in: [ANY] } });

  it('is a rule that is not understood: its place is said, and nothing is guessed', () => {
    const { cloud = never() } = clusterOf(['web'], {});
    const rules = parseSecurityGroup('web', { Ingress: [{ Protocol: 'SCTP', Action: 'ACCEPT' }], Egress: [] });
    const groups = new Map([...cloud.groups, ['web', { groupId: 'web', name: '', rules }] as const]);
    unsure({ ...picture, cloud: { ...cloud, groups } }, 'Ingress[0].Protocol: "SCTP" is no protocol');
  });

  it('is a group whose rules may not be read', () => {
    const { cloud = never() } = clusterOf(['web'], {});
    unsure({ ...picture, cloud, gaps: [{ what: 'group web', why: 'no permission' }] }, 'no permission');
  });

  it('are all rules without the cloud, while the groups that our own objects record are still named', () => {
    const { cloud: _, ...kube } = pictureOf({
      nodes: { [N1]: [], [N2]: [] },
      groups: {},
      pods: [
        { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard' },
        { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['web'] },
      ],
    });
    const vpcEnis = kube.kube.vpcEnis.map((eni) => ({ ...eni, status: { eni: recorded(eni.spec.securityGroups) } }));
    const blind = { ...kube, kube: { ...kube.kube, vpcEnis }, gaps: [{ what: 'cloud', why: 'no keys' }] };
    unsure(blind, 'the rules of web are not known: no keys');
  });
});

function never(): never {
  throw new Error('the picture has a cloud');
}

const recorded = (securityGroups: string[]) => ({
  eniID: 'eni-1',
  macAddress: '',
  addresses: [],
  subnetID: 'subnet-1',
  subnetCIDR: '',
  gateway: '',
  securityGroups,
});

describe('a group that does not exist any more', () => {
  it('is named, and what is left of the others is what counts', () => {
    const trace = aToB(clusterOf(['gone', 'web'], { web: {} }));
    expect(trace.cause?.code).toBe('GroupDeleted');
    expect(trace.cause?.text).toContain('security group gone of Pod default/b (10.0.36.1) does not exist any more');
    expect(aToB(clusterOf(['gone', 'web'], { web: { in: [ANY] } })).verdict).toBe('delivered');
  });
});

describe('the printed command', () => {
  const rule = fc.record({
    Protocol: fc.constantFrom('TCP', 'UDP', 'ALL'),
    Port: fc.constant('ALL'),
    CidrBlock: fc.constantFrom('0.0.0.0/0', '10.0.32.0/24', '10.0.36.0/24', '10.0.32.1/32'),
    Action: fc.constantFrom('ACCEPT' as const, 'DROP' as const),
  });
  const list = fc.array(rule, { maxLength: 4 });

  it('opens the passage that shut the flow, whatever the groups of both sides say', () => {
    fc.assert(
      fc.property(fc.array(list, { maxLength: 3 }), fc.array(list, { maxLength: 3 }), (sources, targets) => {
        const named = (side: string, lists: readonly TestRule[][], key: 'in' | 'out') =>
          Object.fromEntries(lists.map((rules, at) => [`${side}${at}`, { [key]: rules }]));
        const groups: Record<string, Rules> = { ...named('s', sources, 'out'), ...named('t', targets, 'in') };
        const at = (side: string, lists: readonly unknown[]): string[] => lists.map((_, index) => `${side}${index}`);
        // Each side may be shut once.
        for (let mends = 0; mends < 3; mends += 1) {
          const trace = aToB(clusterOf(at('t', targets), groups, at('s', sources)));
          if (trace.verdict === 'delivered') return;
          const { groupId, side, rule: made, first } = readCommand(trace.cause?.cures[0]?.command ?? '');
          const before = groups[groupId]?.[side] ?? [];
          groups[groupId] = { [side]: first ? [made, ...before] : [...before, made] };
        }
        expect.unreachable('two commands did not open the way');
      }),
    );
  });
});

function readCommand(command: string) {
  const word = (name: string): string => new RegExp(`\\.${name} (\\S+)`).exec(command)?.[1] ?? '';
  return {
    groupId: /--SecurityGroupId (\S+)/.exec(command)?.[1] ?? '',
    side: command.includes('.Ingress.') ? ('in' as const) : ('out' as const),
    first: command.includes('PolicyIndex 0'),
    rule: { Protocol: word('Protocol'), Port: word('Port'), CidrBlock: word('CidrBlock'), Action: 'ACCEPT' as const },
  };
}
