// What the caches keep of VpcIPs and their claims: everything that is read or written back.
import { expect, test } from 'vitest';

import { type VpcIpClaim, vpcIpClaims } from '../api/vpc-ip-claim.ts';
import { type VpcIp, vpcIps } from '../api/vpc-ip.ts';
import type { KubeClient, KubeObject } from '../kube/types.ts';
import { createAddressViews } from './address-views.ts';
import { createTextPool } from './text-pool.ts';
import { bound, servedAs, writeClaimStatus } from './vpc-ip-claim/status.ts';
import { writeVpcIpStatus } from './vpc-ip/status.ts';

const LATER = '2026-11-21T10:00:00Z';
const condition = {
  type: 'Bound',
  status: 'True' as const,
  reason: 'Bound',
  message: '10.0.0.9 serves the Pod on node 10.0.1.1',
  lastTransitionTime: LATER,
  observedGeneration: 3,
};

/** A new copy each time, as the API gives it: no two objects share a text. */
const fresh = <T>(object: T): T => structuredClone(object);

const vip = (change: Partial<VpcIp['status']> = {}): VpcIp =>
  fresh({
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcIP',
    metadata: {
      name: '10.0.0.9',
      uid: 'vip-uid',
      resourceVersion: '7',
      creationTimestamp: LATER,
      deletionTimestamp: LATER,
      labels: { 'tke.cloud.tencent.com/node-name': '10.0.1.1' },
      annotations: { 'tke.cloud.tencent.com/claim-expired-duration': '1h', 'example.com/other': 'x' },
      finalizers: ['tke.cloud.tencent.com/address', 'example.com/theirs'],
      managedFields: [{ manager: 'ipamd' }],
    },
    spec: { type: 'Pod', subnetID: 'subnet-a', claim: { namespace: 'default', name: 'web-0', uid: 'claim-uid' } },
    status: {
      phase: 'Assigned',
      eniID: 'eni-1',
      eniName: 'shared-10.0.1.1-1',
      nodeName: '10.0.1.1',
      podUID: 'pod-uid',
      gateway: '10.0.0.1',
      subnetCIDR: '10.0.0.0/24',
      agent: { state: 'Wired', podUID: 'pod-uid', containerID: 'c', observedAt: LATER },
      ...change,
    },
  } as VpcIp);

const claim = (status: VpcIpClaim['status']): VpcIpClaim =>
  fresh({
    apiVersion: 'networking.tke.cloud.tencent.com/v1',
    kind: 'VpcIPClaim',
    metadata: { name: 'web-0', namespace: 'default', uid: 'claim-uid', resourceVersion: '8', finalizers: ['a', 'b'] },
    spec: {
      deletePolicy: 'Never',
      kind: 'Shared',
      expiredDuration: '1h',
      nominatedIP: '10.0.0.9',
      nominatedSubnetIDs: ['subnet-a'],
      owner: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'owner-uid' },
    },
    ...(status === undefined ? {} : { status }),
  } satisfies VpcIpClaim);

const views = () => createAddressViews(createTextPool(), { pod: () => undefined, claim: () => undefined });

test('of a VpcIP everything stays but managedFields, foreign annotations and which container was wired when', () => {
  const whole = vip();
  const { managedFields: _, ...metadata } = whole.metadata as VpcIp['metadata'] & { managedFields?: unknown };
  expect(views().vpcIp(whole)).toEqual({
    ...whole,
    metadata: { ...metadata, annotations: { 'tke.cloud.tencent.com/claim-expired-duration': '1h' } },
    status: { ...whole.status, agent: { state: 'Wired', podUID: 'pod-uid', observedAt: '' } },
  });
});

test.each<[string, Partial<VpcIp['status']>]>([
  ['before the agent has said anything', { agent: undefined }],
  ['unassigned since a while', { phase: 'Unassigned', unassignedSince: LATER }],
  ['with conditions', { conditions: [condition] }],
])('the status of a VpcIP stays whole %s', (_, change) => {
  const { agent: _before, ...own } = vip(change).status ?? {};
  const { agent: _after, ...kept } = views().vpcIp(vip(change)).status ?? {};
  expect(kept).toEqual(own);
});

test.each<[string, VpcIpClaim['status']]>([
  ['that has none', undefined],
  ['that is bound', { phase: 'Bound', podUID: 'p', nodeName: 'n', vpcIP: '10.0.0.9', conditions: [condition] }],
  [
    'that is kept',
    { phase: 'Unbound', vpcIP: '10.0.0.9', unboundSince: LATER, releaseAt: LATER, conditions: [condition] },
  ],
  ['that was just made', { phase: 'Pending' }],
])('spec and status of a claim %s stay whole', (_, status) => {
  const { spec, status: kept, metadata } = views().claim(claim(status));
  expect(spec).toEqual(claim(status).spec);
  expect(kept).toEqual(status);
  expect(metadata).toMatchObject({ uid: 'claim-uid', resourceVersion: '8', finalizers: ['a', 'b'] });
});

/** As nearly all of them are: on their way nowhere, and nobody has marked them. */
const usual = <T extends KubeObject>(object: T): T => {
  const {
    annotations: _,
    deletionTimestamp: __,
    managedFields: ___,
    ...metadata
  } = object.metadata as T['metadata'] & {
    managedFields?: unknown;
  };
  return { ...object, metadata };
};
/** What is read of an object, by its names. */
const read = ({ apiVersion, kind, metadata, spec, status }: VpcIp | VpcIpClaim) => ({
  apiVersion,
  kind,
  metadata,
  spec,
  status,
});

test.each<[string, Partial<VpcIp['status']>]>([
  ['wired by the agent', {}],
  ['before the agent has said anything', { agent: undefined }],
  ['torn down', { agent: { state: 'TornDown', podUID: 'pod-uid', observedAt: LATER } }],
  ['that a former Pod had', { agent: { state: 'TornDown', podUID: 'former-uid', observedAt: LATER } }],
  ['that is being taken off', { phase: 'Detaching' }],
  ['with conditions', { conditions: [condition] }],
])('an address %s is read as it is, part by part and as JSON', (_, change) => {
  const whole = usual(vip(change));
  const agent = whole.status?.agent;
  const { containerID: __, ...kept } = agent ?? {};
  const status = { ...whole.status, agent: agent === undefined ? undefined : { ...kept, observedAt: '' } };
  const view = views().vpcIp(whole);
  expect(read(view)).toEqual({ ...whole, status });
  expect(JSON.parse(JSON.stringify(view))).toEqual(JSON.parse(JSON.stringify({ ...whole, status })));
});

const { observedGeneration: _generation, ...boundNow } = condition;
const boundTo = (change: Partial<VpcIpClaim['status']> = {}): VpcIpClaim['status'] => ({
  phase: 'Bound',
  podUID: 'pod-uid',
  nodeName: '10.0.1.1',
  vpcIP: '10.0.0.9',
  conditions: [boundNow],
  ...change,
});

test.each<[string, VpcIpClaim['status']]>([
  ['as usual', boundTo()],
  ['in the words of another version', boundTo({ conditions: [{ ...boundNow, message: 'has 10.0.0.9' }] })],
  ['with a generation', boundTo({ conditions: [condition] })],
  ['with a further condition', boundTo({ conditions: [boundNow, { ...boundNow, type: 'Other' }] })],
  ['and not in use any more', boundTo({ unboundSince: LATER })],
  ['to another node than it says', boundTo({ nodeName: '10.0.1.2' })],
])('a claim that is bound %s is read as it is, part by part and as JSON', (_, status) => {
  const whole = usual(claim(status));
  const expected = { ...whole, metadata: { ...whole.metadata, creationTimestamp: '', labels: {} } };
  const view = views().claim(whole);
  expect(read(view)).toEqual(expected);
  expect(JSON.parse(JSON.stringify(view))).toEqual(JSON.parse(JSON.stringify(expected)));
});

test('nothing is written of a bound claim that says what it should', async () => {
  const kept = views().claim(usual(claim(boundTo())));
  const client = { patch: () => Promise.reject(new Error('written')) } as unknown as KubeClient;
  const deps = { client, claims: { wrote: () => undefined } } as unknown as Parameters<typeof writeClaimStatus>[0];
  const conditions = bound(kept, 'True', servedAs('10.0.0.9', '10.0.1.1'), new Date(LATER));
  expect(await writeClaimStatus(deps, kept, { phase: 'Bound', vpcIP: '10.0.0.9', conditions })).toBe(kept);
  await expect(writeClaimStatus(deps, kept, { phase: 'Bound', vpcIP: '10.0.0.8', conditions })).rejects.toThrow(
    'written',
  );
  await expect(writeClaimStatus(deps, kept, { phase: 'Bound', clear: ['nodeName'] })).rejects.toThrow('written');
});

test('equal texts of different objects are one', () => {
  const { vpcIp } = views();
  const [first, second] = [vpcIp(vip()), vpcIp(vip())];
  expect(first.metadata.labels).toBe(second.metadata.labels);
  expect(first.metadata.finalizers).toBe(second.metadata.finalizers);
});

test('what the Pod and the claim say already is not kept twice', () => {
  const pod = { metadata: { name: 'web-0', namespace: 'default', uid: 'pod-uid' }, podIp: '10.0.0.9' };
  const asked: string[] = [];
  const cached = createAddressViews(createTextPool(), {
    pod: (key) => (asked.push(`pod ${key}`), pod),
    claim: (key) => (asked.push(`claim ${key}`), claim(undefined)),
  });
  expect(cached.vpcIp(vip()).status).toMatchObject({ podUID: 'pod-uid', agent: { podUID: 'pod-uid' } });
  expect(asked).toEqual(['pod default/web-0', 'claim default/web-0']);
});

test('of a Pod or claim that says something else nothing is taken over', () => {
  const other = { metadata: { name: 'web-1', namespace: 'other', uid: 'other-uid' }, podIp: '10.0.0.8' };
  const unlike = createAddressViews(createTextPool(), {
    pod: () => other,
    claim: () => ({ apiVersion: '', kind: '', ...other }),
  });
  expect(unlike.vpcIp(vip())).toEqual(views().vpcIp(vip()));
  const bound = claim({ phase: 'Bound', podUID: 'p', nodeName: 'n', vpcIP: '10.0.0.9', conditions: [condition] });
  expect(unlike.claim(bound)).toEqual(views().claim(bound));
});

test('a write that is made from the cache names every field that ipamd owns', async () => {
  const bodies: unknown[] = [];
  const client = {
    patch: (_resource: unknown, _name: string, patch: { readonly body: unknown }) => {
      bodies.push(patch.body);
      return Promise.resolve({ metadata: { name: 'x' } });
    },
  } as unknown as KubeClient;
  const memory = { wrote: () => undefined };
  const cached = views();
  await writeVpcIpStatus(
    { client, vips: memory } as unknown as Parameters<typeof writeVpcIpStatus>[0],
    cached.vpcIp(vip({ conditions: [condition], unassignedSince: LATER })),
    { phase: 'Detaching' },
  );
  await writeClaimStatus(
    { client, claims: memory } as unknown as Parameters<typeof writeClaimStatus>[0],
    cached.claim(claim({ phase: 'Bound', podUID: 'p', nodeName: 'n', vpcIP: '10.0.0.9', conditions: [condition] })),
    { phase: 'Pending' },
  );
  const { agent: _, ...own } = vip({ conditions: [condition], unassignedSince: LATER }).status ?? {};
  expect(bodies).toMatchObject([
    { status: { ...own, phase: 'Detaching' } },
    { status: { phase: 'Pending', podUID: 'p', nodeName: 'n', vpcIP: '10.0.0.9', conditions: [condition] } },
  ]);
  expect(bodies.map((body) => (body as KubeObject).kind)).toEqual([vpcIps.kind, vpcIpClaims.kind]);
});
