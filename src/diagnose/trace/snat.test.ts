// SNAT inside the VPC: whose address and whose groups a flow has then, and what that does to a Pod with strict routing.
import { describe, expect, it } from 'vitest';
import { traceFlow } from './flow.ts';
import { ANY, pictureOf, podPlace, type TestCluster } from './testing/cluster.ts';
import type { Trace } from './trace.ts';

const [N1, N2] = ['10.0.1.1', '10.0.1.2'];
/** Leaves the VPC of the test, 10.0.0.0/16, out. */
const MASQ = { NonMasqueradeCIDRs: ['172.16.0.0/12'] };

function aToB(config: object, change: Partial<TestCluster> = {}): Trace {
  const picture = pictureOf({
    nodes: { [N1]: ['node'], [N2]: [] },
    groups: { node: { out: [ANY] }, own: { out: [ANY] }, web: {} },
    masq: JSON.stringify(config),
    pods: [
      { name: 'a', address: '10.0.32.1', node: N1, mode: 'standard', groups: ['own'] },
      { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['web'], ports: [80] },
    ],
    ...change,
  });
  return traceFlow(picture, { from: podPlace(picture, 'a'), to: podPlace(picture, 'b'), protocol: 'TCP', port: 80 });
}

describe('a flow that SNAT gives the address of the node', () => {
  it('meets the groups of the target with that address, and that is what the command lets in', () => {
    expect(aToB(MASQ).cause?.cures[0]?.command).toContain(`.CidrBlock ${N1}/32 `);
    expect(aToB({ NonMasqueradeCIDRs: ['10.0.0.0/8'] }).cause?.cures[0]?.command).toContain('.CidrBlock 10.0.32.1/32 ');
  });

  it('leaves by the primary ENI of the node, whose groups are asked instead of the Pod’s', () => {
    const groups = { node: {}, own: { out: [ANY] }, web: { in: [ANY] } };
    const shut = aToB(MASQ, { groups });
    expect([shut.cause?.code, shut.cause?.cures[0]?.command.includes('--SecurityGroupId node ')]).toEqual([
      'SourceGroupBlocks',
      true,
    ]);
    const open = aToB(MASQ, { groups: { ...groups, node: { out: [ANY] }, own: {} } });
    expect([open.verdict, open.sourceSeen]).toEqual(['delivered', N1]);
  });

  it('is lost from a Pod with strict routing, until its address is exempt', () => {
    const change = {
      groups: { own: { out: [ANY] }, web: { in: [ANY] } },
      pods: [
        { name: 'a', address: '10.0.32.1', node: N1, mode: 'strict', groups: ['own'] },
        { name: 'b', address: '10.0.36.1', node: N2, mode: 'standard', groups: ['web'], ports: [80] },
      ],
    } as const;
    const lost = aToB(MASQ, change);
    expect([lost.verdict, lost.cause?.code]).toEqual(['dropped', 'StrictSnat']);
    expect(lost.cause?.cures[0]?.command).toContain(String.raw`\"NonMasqueradeSrcCIDRs\":[\"10.0.32.1/32\"]`);
    expect(aToB({ ...MASQ, NonMasqueradeSrcCIDRs: ['10.0.32.1/32'] }, change).verdict).toBe('delivered');
  });
});
