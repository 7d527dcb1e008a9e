// Beyond the VPC: with which address a flow leaves, why an EIP is not used, and who gets in from outside.
import { describe, expect, it } from 'vitest';
import { traceFlow } from './flow.ts';
import { ANY, eip, pictureOf, podPlace, route, type TestCluster } from './testing/cluster.ts';
import type { CloudRoute } from '../picture/picture.ts';
import type { Trace } from './trace.ts';

const NODE = '10.0.1.1';
const OUTSIDE = '192.0.2.7';
const table = (...routes: readonly CloudRoute[]) => ({
  routeTables: [{ routeTableId: 'rtb-1', vpcId: 'vpc-1', main: true, subnetIds: [], routes }],
  natGateways: [{ natGatewayId: 'nat-1', vpcId: 'vpc-1', state: 'AVAILABLE', publicIps: ['203.0.113.9'] }],
});
const MASQ = '{"NonMasqueradeCIDRs":["10.0.0.0/8"]}';
const eips = [eip('203.0.113.1', '10.0.32.1'), eip('203.0.113.2', NODE)];

const cluster = (change: Partial<TestCluster> = {}) =>
  pictureOf({
    nodes: { [NODE]: ['open'] },
    shared: { [NODE]: ['open'] },
    groups: { open: { in: [{ ...ANY, CidrBlock: '10.0.0.0/16' }], out: [ANY] } },
    pods: [{ name: 'a', address: '10.0.32.1', node: NODE, ports: [80] }],
    ...change,
  });

function outward(change: Partial<TestCluster>): Trace {
  const picture = cluster(change);
  const to = { kind: 'address', address: OUTSIDE } as const;
  return traceFlow(picture, { from: podPlace(picture, 'a'), to, protocol: 'TCP', port: 443 });
}

describe('a flow out of the VPC', () => {
  it('carries the EIP of the Pod where nothing is in its way', () => {
    const trace = outward({ cloud: { eips } });
    expect([trace.verdict, trace.sourceSeen, trace.cause]).toEqual(['delivered', '203.0.113.1', undefined]);
  });

  it('carries the address of the node where SNAT comes first; the whole configuration with one line more mends it', () => {
    const trace = outward({ cloud: { eips }, masq: MASQ });
    expect([trace.verdict, trace.sourceSeen, trace.cause?.code]).toEqual([
      'delivered',
      '203.0.113.2',
      'EipBypassedBySnat',
    ]);
    expect(trace.cause?.cures[0]?.command).toBe(
      String.raw`kubectl patch configmap ip-masq-agent-config -n kube-system --type merge -p '{"data":{"config":"{\"NonMasqueradeCIDRs\":[\"10.0.0.0/8\"],\"NonMasqueradeSrcCIDRs\":[\"10.0.32.1/32\"]}"}}'`,
    );
  });

  it('carries the address of a NAT gateway that the route table prefers; a route to EIPs beside it mends that', () => {
    const trace = outward({ cloud: { eips, ...table(route('NAT', 'nat-1')) } });
    expect([trace.verdict, trace.sourceSeen, trace.cause?.code]).toEqual([
      'delivered',
      '203.0.113.9',
      'NatGatewayPreferred',
    ]);
    expect(trace.cause?.cures[0]?.command).toContain(
      'tccli vpc CreateRoutes --cli-unfold-argument --RouteTableId rtb-1 --Routes.0.DestinationCidrBlock 0.0.0.0/0 --Routes.0.GatewayType EIP',
    );
    const mended = outward({ cloud: { eips, ...table(route('NAT', 'nat-1'), route('EIP', '0')) } });
    expect([mended.sourceSeen, mended.cause]).toEqual(['203.0.113.1', undefined]);
  });

  it('goes nowhere without an EIP and a NAT gateway', () => {
    const trace = outward({ cloud: { eips: [] } });
    expect([trace.verdict, trace.cause?.code]).toEqual(['dropped', 'NoWayOut']);
  });

  it('is not known where route tables may not be read', () => {
    const picture = { ...cluster({ cloud: { eips: [] } }), gaps: [{ what: 'routeTables', why: 'not permitted' }] };
    const to = { kind: 'address', address: OUTSIDE } as const;
    const trace = traceFlow(picture, { from: podPlace(picture, 'a'), to, protocol: 'TCP', port: 443 });
    expect([trace.verdict, trace.unknowns]).toEqual(['unknown', ['not permitted']]);
  });

  it('of a Pod whose SNAT configuration cannot be read is not known', () => {
    expect(outward({ cloud: { eips }, masq: '{"NonMasqueradeCIDRs":"10.0.0.0/8"}' }).verdict).toBe('unknown');
  });
});

describe('a flow from outside', () => {
  const inward = (change: Partial<TestCluster>, address: string): Trace => {
    const from = { kind: 'address', address: OUTSIDE } as const;
    return traceFlow(cluster(change), { from, to: { kind: 'address', address }, protocol: 'TCP', port: 80 });
  };

  it('meets the groups of the Pod behind the EIP with its own address', () => {
    const shut = inward({ cloud: { eips } }, '203.0.113.1');
    expect([shut.verdict, shut.cause?.cures[0]?.command.includes(`${OUTSIDE}/32`)]).toEqual(['dropped', true]);
    const open = inward({ cloud: { eips }, groups: { open: { in: [ANY], out: [ANY] } } }, '203.0.113.1');
    expect([open.verdict, open.sourceSeen]).toEqual(['delivered', OUTSIDE]);
  });

  it('does not get to a Pod without an EIP', () => {
    expect(inward({ cloud: { eips } }, '203.0.113.77').cause?.code).toBe('NoWayIn');
    const picture = cluster();
    const from = { kind: 'address', address: OUTSIDE } as const;
    const trace = traceFlow(picture, { from, to: podPlace(picture, 'a'), protocol: 'TCP', port: 80 });
    expect(trace.cause?.code).toBe('NoWayIn');
  });
});
