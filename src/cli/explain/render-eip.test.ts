// What `explain eip` says of an EIP: whether its Pod leaves with it, and what stands in the way when it does not (document 004).
import { expect, it } from 'vitest';

import type { EipClaim } from '../../api/eip-claim.ts';
import { eipSubjects, explainEip, type EipExplanation } from '../../diagnose/explain/eip.ts';
import type { CloudRoute } from '../../diagnose/picture/picture.ts';
import { ANY, pictureOf, route } from '../../diagnose/trace/testing/cluster.ts';
import { styleFor } from '../table.ts';
import { renderEip } from './render-eip.ts';

const NODE = '10.0.1.1';
const POD = '10.0.32.1';
const EIP = '203.0.113.1';
const MASQ = { NonMasqueradeCIDRs: ['10.0.0.0/8'] };
const EXEMPT = { ...MASQ, NonMasqueradeSrcCIDRs: [`${POD}/32`] };

interface Way {
  readonly masq?: object;
  readonly routes?: readonly CloudRoute[];
  readonly claims?: readonly EipClaim[];
  readonly gateways?: readonly string[];
}

function explained({ masq, routes = [], claims = [], gateways = ['203.0.113.9'] }: Way): EipExplanation {
  const picture = pictureOf({
    nodes: { [NODE]: ['open'] },
    shared: { [NODE]: ['open'] },
    groups: { open: { in: [ANY], out: [ANY] } },
    pods: [{ name: 'game-0', address: POD, node: NODE }],
    ...(masq === undefined ? {} : { masq: JSON.stringify(masq) }),
    kube: { eipClaims: claims },
    cloud: {
      eips: [{ addressId: 'eip-1', publicIp: EIP, privateIp: POD, status: 'BIND', instanceId: '', eniId: 'eni-1' }],
      routeTables: [{ routeTableId: 'rtb-1', vpcId: 'vpc-1', main: true, subnetIds: [], routes }],
      natGateways: [{ natGatewayId: 'nat-1', vpcId: 'vpc-1', state: 'AVAILABLE', publicIps: gateways }],
    },
  });
  const [subject] = eipSubjects(picture, 'eip-1', []);
  if (subject === undefined) throw new Error('the EIP is not found');
  return explainEip(picture, subject);
}
const printed = (way: Way): string => renderEip(explained(way), styleFor({}, true));

it('an EIP that was bound by hand names its Pod, and is what the internet sees', () => {
  const text = printed({ masq: EXEMPT });
  expect(text).toMatch(/claim +none: bound by hand/);
  expect(text).toMatch(/in cloud +BIND, bound to 10\.0\.32\.1 of eni-1/);
  expect(text).toMatch(/Pod +default\/game-0 \(10\.0\.32\.1\)/);
  expect(text).toMatch(/seen as +203\.0\.113\.1\n/);
});

it.each<[string, Way, boolean, RegExp]>([
  [
    'is passed by where SNAT gives the address of a node without EIP',
    { masq: MASQ },
    false,
    /seen as +nothing .* by\n/,
  ],
  [
    'is passed by where the route table prefers a NAT gateway',
    { masq: EXEMPT, routes: [route('NAT', 'nat-1')] },
    false,
    /seen as +203\.0\.113\.9: the EIP is passed by[^]*to use the EIP: add a route to 0\.0\.0\.0\/0 of type EIP/,
  ],
  [
    'is passed by with every address that the gateway has',
    { masq: EXEMPT, routes: [route('NAT', 'nat-1')], gateways: ['203.0.113.8', '203.0.113.9'] },
    false,
    /seen as +203\.0\.113\.8 or 203\.0\.113\.9: the EIP is passed by/,
  ],
  [
    'goes first where a route of type EIP stands beside the gateway',
    { masq: EXEMPT, routes: [route('NAT', 'nat-1'), route('EIP', '0')] },
    true,
    /seen as +203\.0\.113\.1\n/,
  ],
])('a bound EIP %s', (_, way, used, words) => {
  expect(explained(way).used).toBe(used);
  expect(printed(way)).toMatch(words);
});

it('what the cloud said in several lines is one line of the claim', () => {
  const condition = {
    type: 'Bound',
    status: 'False',
    reason: 'CloudUnauthorized',
    message: 'refused\n resource *\n; grant it',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  } as const;
  const claim = {
    apiVersion: 'networking.tke.cloud.tencent.com/v1alpha1',
    kind: 'EIPClaim',
    metadata: { name: 'game-0', namespace: 'default' },
    spec: { deletePolicy: 'Never' },
    status: { phase: 'Failed', eipID: 'eip-1', conditions: [condition] },
  } as EipClaim;
  const text = printed({ claims: [claim] });
  expect(text).toMatch(/claim +EIPClaim default\/game-0, kept after its Pod\n/);
  expect(text).toMatch(/Bound=False since .*: CloudUnauthorized: refused resource \*; grant it\n$/);
});
