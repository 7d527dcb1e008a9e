// The extender over HTTP: what it answers to kube-scheduler, in the protocol's form and the known words, and that bindings never promise too much.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { labels } from '../api/keys.ts';
import { vpcIps } from '../api/vpc-ip.ts';
import { nodes } from '../kube/resources.ts';
import { type ExtenderWorld, startExtender } from './testing/extender-world.ts';

const A = { zone: 'zone-a', cidr: '10.0.1.0/24', available: 100 };
const B = { zone: 'zone-b', cidr: '10.0.2.0/24', available: 100 };
const INSUFFICIENT = '[ip-scheduler] InsufficientIPOrENI';

let world: ExtenderWorld;
const open = async (options: Parameters<typeof startExtender>[0] = {}): Promise<void> => {
  world = await startExtender(options);
  world.node('a', 'zone-a', { subnetId: 'subnet-a' });
  world.node('b', 'zone-b', { subnetId: 'subnet-b' });
  world.subnets({ 'subnet-a': A, 'subnet-b': B });
};
afterEach(() => world.stop());

const filter = async (pod: object, names: readonly string[] = ['a', 'b']): Promise<unknown> =>
  (await world.post('filter', { Pod: pod, Nodes: null, NodeNames: names })).body;
const bind = async (name: string, node: string): Promise<string> => {
  const args = { PodName: name, PodNamespace: 'default', PodUID: `uid-${name}`, Node: node };
  return ((await world.post('bind', args)).body as { Error: string }).Error;
};

describe('filter', () => {
  beforeEach(() => open());

  it('lets a Pod that keeps an address go only to nodes of its zone, and says where it is', async () => {
    world.claim('web-0', '10.0.2.7', 'subnet-b');
    await world.settled();
    expect(await filter(world.pod('web-0'))).toEqual({
      Nodes: null,
      NodeNames: ['b'],
      FailedNodes: {},
      FailedAndUnresolvableNodes: {
        a: "[ip-scheduler] the Pod's address 10.0.2.7 is of subnet subnet-b in zone zone-b",
      },
      Error: '',
    });
  });

  it('does not hold a Pod to the address of a claim that goes with its former Pod', async () => {
    world.claim('web-0', '10.0.2.7', 'subnet-b', 'Immediate');
    await world.settled();
    expect(await filter(world.pod('web-0'))).toMatchObject({ NodeNames: ['a', 'b'] });
  });

  it('refuses nodes without a free address in the documented words', async () => {
    world.subnets({ 'subnet-a': { ...A, available: 0 }, 'subnet-b': B });
    await world.settled();
    expect(await filter(world.pod('p'))).toMatchObject({
      NodeNames: ['b'],
      FailedAndUnresolvableNodes: { a: INSUFFICIENT },
    });
  });

  it('counts an address that is kept for another Pod as taken', async () => {
    world.subnets({ 'subnet-a': { ...A, available: 1 }, 'subnet-b': { ...B, available: 0 } });
    world.claim('web-0', '10.0.1.7', 'subnet-a');
    await world.settled();
    expect(await filter(world.pod('p'))).toMatchObject({ NodeNames: [] });
    expect(await filter(world.pod('web-0'))).toMatchObject({ NodeNames: ['a'] });
  });

  it('holds a Pod to the address and the subnets that it names', async () => {
    const nominated = (key: string, value: string) => world.pod('p', { [`tke.cloud.tencent.com/${key}`]: value });
    await world.settled();
    expect(await filter(nominated('nominated-vpc-ip', '10.0.2.9'))).toMatchObject({ NodeNames: ['b'] });
    expect(await filter(nominated('nominated-eni-subnets', 'subnet-a'))).toMatchObject({ NodeNames: ['a'] });
    expect(await filter(nominated('nominated-vpc-ip', '10.9.9.9'), ['a'])).toMatchObject({
      FailedAndUnresolvableNodes: {
        a: "[ip-scheduler] the Pod's address 10.9.9.9 is in none of the container subnets",
      },
    });
  });

  it('leaves a Pod that names a subnet which no node uses yet to ipamd, which can ask the cloud', async () => {
    const pod = world.pod('p', { 'tke.cloud.tencent.com/nominated-eni-subnets': 'subnet-a,subnet-new' });
    await world.settled();
    expect(await filter(pod)).toMatchObject({ NodeNames: ['a', 'b'] });
  });

  it('makes an ENI only in a container subnet, or in one that the node names', async () => {
    world.node('c', 'zone-c', { maxENI: 2, quota: 18 });
    world.subnets({ 'subnet-c': { ...A, zone: 'zone-c', container: false } });
    await world.settled();
    expect(await filter(world.pod('p'), ['c'])).toMatchObject({ FailedAndUnresolvableNodes: { c: INSUFFICIENT } });
    world.put(nodes, {
      metadata: {
        name: 'c',
        labels: { [labels.zone]: 'zone-c', [labels.routeEniSubnetIds]: 'subnet-c' },
      },
    });
    await world.settled();
    expect(await filter(world.pod('p'), ['c'])).toMatchObject({ NodeNames: ['c'] });
  });

  it('exempts sub-ENI Pods and Pods on the node network from zones and subnets', async () => {
    world.subnets({ 'subnet-a': { ...A, available: 0 }, 'subnet-b': { ...B, available: 0 } });
    world.claim('web-0', '10.0.2.7', 'subnet-b');
    await world.settled();
    const subEni = world.pod('web-0', { 'tke.cloud.tencent.com/networks': 'tke-sub-eni' });
    expect(await filter(subEni)).toMatchObject({ NodeNames: ['a', 'b'] });
    expect(await filter({ ...world.pod('h'), spec: { hostNetwork: true } })).toMatchObject({ NodeNames: ['a', 'b'] });
  });

  it('says of an exclusive ENI that it is not served', async () => {
    const pod = world.pod('p', { 'tke.cloud.tencent.com/networks': 'tke-direct-eni' });
    expect(await filter(pod, ['a'])).toMatchObject({
      FailedAndUnresolvableNodes: { a: '[ip-scheduler] tke-direct-eni is not served in this version' },
    });
  });

  it('lets Pods go to a super node, where each has an ENI of its own, unless an address has to follow them', async () => {
    const marks = { [labels.zone]: 'zone-a', [labels.instanceType]: 'eklet' };
    world.put(nodes, { metadata: { name: 'super', labels: marks } });
    world.claim('web-0', '10.0.1.7', 'subnet-a');
    await world.settled();
    const exclusive = world.pod('e', { 'tke.cloud.tencent.com/networks': 'tke-direct-eni' });
    expect(await filter(world.pod('p'), ['super'])).toMatchObject({ NodeNames: ['super'] });
    expect(await filter(exclusive, ['super'])).toMatchObject({ NodeNames: ['super'] });
    const named = world.pod('n', { 'tke.cloud.tencent.com/nominated-vpc-ip': '10.0.1.9' });
    for (const pod of [world.pod('web-0'), named])
      expect(await filter(pod, ['super'])).toMatchObject({
        FailedAndUnresolvableNodes: { super: expect.stringContaining('none that is kept or named') },
      });
  });

  it('answers whole nodes with whole nodes', async () => {
    world.claim('web-0', '10.0.2.7', 'subnet-b');
    await world.settled();
    const items = ['a', 'b'].map((name) => ({ metadata: { name }, status: { phase: name } }));
    const answer = await world.post('filter', { pod: world.pod('web-0'), nodes: { items }, nodenames: null });
    expect(answer.body).toMatchObject({
      Nodes: { items: [{ metadata: { name: 'b' }, status: { phase: 'b' } }] },
      NodeNames: null,
    });
  });

  it('prefers the node whose ENI is in the right subnet', async () => {
    world.node('c', 'zone-b', { maxENI: 2, quota: 18 });
    world.claim('web-0', '10.0.2.7', 'subnet-b');
    await world.settled();
    const { body } = await world.post('prioritize', { Pod: world.pod('web-0'), NodeNames: ['b', 'c'] });
    const [b, c] = body as { Host: string; Score: number }[];
    expect([b?.Host, c?.Host]).toEqual(['b', 'c']);
    expect(b?.Score).toBeGreaterThan(c?.Score ?? 10);
  });

  it.each([
    ['filter', '{"Pod":', 200],
    ['filter', '{"NodeNames":["a"]}', 200],
    ['filter', '[]', 200],
    ['bind', '{"PodName":"p"}', 200],
    ['prioritize', '{"Pod":7,"NodeNames":[]}', 400],
  ])('answers a bad body of %s, %s, in the form of the protocol', async (verb, text, status) => {
    const answer = await world.post(verb, text);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ Error: expect.stringMatching(/^\[ip-scheduler\] .{10,}/) as string });
  });
});

describe('bind', () => {
  beforeEach(() => open());

  it('binds the Pod, by its uid', async () => {
    world.pod('p');
    expect(await bind('p', 'a')).toBe('');
    expect(world.bound).toEqual(new Map([['p', 'a']]));
    const other = { PodName: 'p', PodNamespace: 'default', PodUID: 'another', Node: 'a' };
    expect((await world.post('bind', other)).body).toEqual({
      Error: '[ip-scheduler] Pod default/p is another one by now',
    });
  });

  it('counts a Pod once, as waiting or by its address', async () => {
    world.subnets({ 'subnet-a': { ...A, available: 2 }, 'subnet-b': B });
    world.pod('p');
    world.pod('q');
    await world.settled();
    expect(await bind('p', 'a')).toBe('');
    world.put(vpcIps, {
      metadata: { name: '10.0.1.3' },
      spec: { type: 'Pod', subnetID: 'subnet-a', claim: { namespace: 'default', name: 'p', uid: 'c' } },
      status: { phase: 'Assigned', eniID: 'eni-a', nodeName: 'a', podUID: 'uid-p' },
    });
    await world.settled();
    expect(await bind('q', 'a')).toBe('');
    world.pod('r');
    await world.settled();
    expect(await bind('r', 'a')).toBe(INSUFFICIENT);
  });
});

it('never promises more addresses of a subnet, or of a node, than there are, before any watch shows a binding', async () => {
  await open({ watchLags: true });
  world.subnets({ 'subnet-a': { ...A, available: 3 }, 'subnet-b': { ...B, available: 50 } });
  const names = Array.from({ length: 30 }, (_, index) => `p${index}`);
  for (const name of names) world.pod(name);
  await world.settled();
  const at = (index: number): string => (index % 2 === 0 ? 'a' : 'b');
  const errors = await Promise.all(names.map((name, index) => bind(name, at(index))));
  const boundTo = (node: string): number => [...world.bound.values()].filter((each) => each === node).length;
  expect(boundTo('a')).toBe(3);
  expect(boundTo('b')).toBe(9);
  expect(errors.filter((error) => error === INSUFFICIENT)).toHaveLength(18);
});

it('refuses nothing in non-static mode, where the node has its addresses', async () => {
  await open({ mode: 'non-static' });
  world.subnets({ 'subnet-a': { ...A, available: 0 }, 'subnet-b': { ...B, available: 0 } });
  await world.settled();
  expect(await filter(world.pod('p'))).toMatchObject({ NodeNames: ['a', 'b'] });
});

it('with --only-nominated-eni-subnets places only Pods that nominate', async () => {
  await open({ onlyNominated: true });
  await world.settled();
  expect(await filter(world.pod('p'), ['a'])).toMatchObject({
    FailedAndUnresolvableNodes: {
      a: '[ip-scheduler] --only-nominated-eni-subnets is on, and the Pod nominates no subnet',
    },
  });
  const pod = world.pod('q', { 'tke.cloud.tencent.com/nominated-eni-subnets': 'subnet-a' });
  expect(await filter(pod)).toMatchObject({ NodeNames: ['a'] });
});

it('that does not lead filters, and leaves binding to the one that does', async () => {
  await open({ anotherLeads: true });
  world.pod('p');
  await world.settled();
  expect(await filter(world.pod('p'))).toMatchObject({ NodeNames: ['a', 'b'] });
  expect(await bind('p', 'a')).toBe('[ip-scheduler] this replica does not bind: another one leads');
  expect(world.bound.size).toBe(0);
});
