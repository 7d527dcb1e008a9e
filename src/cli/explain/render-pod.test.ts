// What `explain pod` prints of the way to the internet: under which address, by what, and why (document 004).
import { expect, it } from 'vitest';

import { annotations } from '../../api/keys.ts';
import { explainPod } from '../../diagnose/explain/pod.ts';
import type { CloudRoute } from '../../diagnose/picture/picture.ts';
import { ANY, eip, pictureOf, route } from '../../diagnose/trace/testing/cluster.ts';
import { styleFor } from '../table.ts';
import { renderPod } from './render-pod.ts';

const NODE = '10.0.1.1';
const POD = '10.0.32.1';
const MASQ = { NonMasqueradeCIDRs: ['10.0.0.0/8'] };
const EXEMPT = { ...MASQ, NonMasqueradeSrcCIDRs: [`${POD}/32`] };
const NAT = route('NAT', 'nat-1');

function printed(masq: object | undefined, routes: readonly CloudRoute[], own = true): string {
  const picture = pictureOf({
    nodes: { [NODE]: ['open'] },
    shared: { [NODE]: ['open'] },
    groups: { open: { in: [ANY], out: [ANY] } },
    pods: [{ name: 'game-0', address: POD, node: NODE }],
    ...(masq === undefined ? {} : { masq: JSON.stringify(masq) }),
    cloud: {
      eips: [eip('203.0.113.2', NODE), ...(own ? [eip('203.0.113.1', POD)] : [])],
      routeTables: [{ routeTableId: 'rtb-1', vpcId: 'vpc-1', main: true, subnetIds: [], routes }],
      natGateways: [{ natGatewayId: 'nat-1', vpcId: 'vpc-1', state: 'AVAILABLE', publicIps: ['203.0.113.9'] }],
    },
  });
  const [pod] = picture.kube.pods;
  if (pod === undefined) throw new Error('the picture has no Pod');
  const marks = own ? { [annotations.eipPublicIp]: '203.0.113.1' } : {};
  const marked = { ...pod, metadata: { ...pod.metadata, annotations: marks } };
  return renderPod(explainPod(picture, marked, []), styleFor({}, true));
}

it.each([
  ['its node', MASQ, [], [/seen as 203\.0\.113\.2, by its node/, /to use the EIP: add 10\.0\.32\.1\/32/]],
  ['its EIP, exempt by hand', EXEMPT, [], [/seen as 203\.0\.113\.1, by its EIP/, /NonMasqueradeSrcCIDRs/]],
  ['its EIP, exempt by itself', { ...MASQ, NonMasqueradeEIPPods: true }, [], [/203\.0\.113\.1, by its EIP/, /EIPPods/]],
  ['its EIP without ip-masq-agent', undefined, [], [/203\.0\.113\.1, by its EIP/, /ip-masq-agent is not installed/]],
  [
    'a NAT gateway',
    EXEMPT,
    [NAT],
    [/203\.0\.113\.9, by a NAT gateway/, /route table rtb-1/, /a route to 0\.0\.0\.0\/0 of type EIP/],
  ],
  ['its EIP before the gateway', EXEMPT, [NAT, route('EIP', '0')], [/203\.0\.113\.1, by its EIP/]],
])('a Pod leaves by %s, with the reason and what would change it', (_by, masq, routes, words) => {
  const text = printed(masq, routes);
  for (const word of words) expect(text).toMatch(word);
});

it('a Pod that is exempt and has neither EIP nor gateway reaches nothing', () => {
  expect(printed(EXEMPT, [], false)).toMatch(/nothing arrives there/);
});

it('a Pod that has no node yet has no groups yet, which is something else than groups that are not known', () => {
  const picture = pictureOf({ nodes: { [NODE]: [] }, groups: {}, pods: [{ name: 'late', address: POD, node: NODE }] });
  const [pod] = picture.kube.pods;
  if (pod === undefined) throw new Error('the picture has no Pod');
  const { nodeName: _, ...spec } = pod.spec;
  const late = { ...pod, spec, status: { phase: 'Pending' as const } };
  const text = renderPod(explainPod(picture, late, []), styleFor({}, true));
  expect(text).toMatch(/priority\n {2}none yet: it has no node, and no policy gives it any\n/);
});
