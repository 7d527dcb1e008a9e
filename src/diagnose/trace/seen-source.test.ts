// Who the groups of the target see, and in which order the groups of an ENI are asked: both sides of what the printed command must fit.
import { describe, expect, it } from 'vitest';
import { traceFlow } from './flow.ts';
import { ANY, pictureOf, podPlace, type TestCluster } from './testing/cluster.ts';
import type { Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
const POD = '10.0.32.1';
/** SNAT for everything inside the VPC. */
const SNAT = '{"NonMasqueradeCIDRs":["172.16.0.0/12"]}';

function aToB(change: Partial<TestCluster>): Trace {
  const picture = pictureOf({
    nodes: { [N1]: ['open'], [N2]: ['open'] },
    shared: { [N1]: ['open'], [N2]: ['web'] },
    groups: { open: { in: [ANY], out: [ANY] }, web: {} },
    pods: [
      { name: 'a', address: POD, node: N1 },
      { name: 'b', address: '10.0.36.1', node: N2, ports: [80] },
    ],
    ...change,
  });
  return traceFlow(picture, { from: podPlace(picture, 'a'), to: podPlace(picture, 'b'), protocol: 'TCP', port: 80 });
}
const from = (CidrBlock: string, Action: 'ACCEPT' | 'DROP' = 'ACCEPT') => ({ ...ANY, CidrBlock, Action });

describe('behind SNAT', () => {
  it('the command that opens the target lets in the address of the node, not that of the Pod (spec 003)', () => {
    const { cause, verdict } = aToB({ masq: SNAT });
    expect([verdict, cause?.code]).toEqual(['dropped', 'TargetGroupBlocks']);
    expect(cause?.cures[0]?.command).toContain(`CidrBlock ${N1}/32`);
    expect(cause?.text).toContain('behind the address of its node');
  });

  it.each([
    ['of the node lets it in', N1, 'delivered'],
    ['of the Pod does not', POD, 'dropped'],
  ])('a rule for the address %s', (_, address, verdict) => {
    const groups = { open: { in: [ANY], out: [ANY] }, web: { in: [from(`${address}/32`)] } };
    expect(aToB({ masq: SNAT, groups }).verdict).toBe(verdict);
  });

  it('the groups of the node are those that let it out', () => {
    const groups = { open: { in: [ANY] }, web: { in: [ANY] }, out: { out: [ANY] } };
    const trace = aToB({ masq: SNAT, groups, shared: { [N1]: ['out'], [N2]: ['web'] } });
    expect(trace.cause?.code).toBe('SourceGroupBlocks');
    expect(trace.cause?.text).toContain(`node ${N1}`);
  });
});

describe('of several groups', () => {
  const groups = {
    open: { in: [ANY], out: [ANY] },
    web: { in: [from(`${POD}/32`)] },
    shut: { in: [from(`${POD}/32`, 'DROP')] },
  };

  it.each([
    [['web', 'shut'], 'delivered', 'web'],
    [['shut', 'web'], 'dropped', 'shut'],
  ])('%j the one that stands first decides: %s', (list, verdict, groupId) => {
    const trace = aToB({ groups, shared: { [N1]: ['open'], [N2]: list } });
    expect(trace.verdict).toBe(verdict);
    expect(trace.hops.find(({ where }) => where === 'target-groups')?.rule).toMatchObject({ groupId, index: 0 });
  });
});
