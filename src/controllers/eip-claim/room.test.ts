// Which claims count against the EIPs that a node can have for Pods.
import { expect, it } from 'vitest';
import type { EipClaim } from '../../api/eip-claim.ts';
import { keyOf } from '../../kube/object-key.ts';
import type { EipPod } from './pods.ts';
import { whyNoRoom } from './room.ts';
import type { EipRun } from './run.ts';

const claim = (name: string, status: EipClaim['status']): EipClaim => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'EIPClaim',
  metadata: { namespace: 'default', name },
  spec: { deletePolicy: 'Immediate', attributes: '' },
  ...(status === undefined ? {} : { status: { nodeName: 'node-1', podUID: name, ...status } }),
});
const asking = claim('asks', { phase: 'Pending' });
const pod = (change: Partial<EipPod> = {}): EipPod =>
  ({ key: 'default/asks', uid: 'asks', nodeName: 'node-1', superNode: false, ...change }) as unknown as EipPod;

/** A node that can have one; `living`: names of the Pods that the API has. */
function room(
  claims: readonly EipClaim[],
  {
    living = claims.map(({ metadata }) => metadata.name),
    quota = 1,
    buying = [],
    asker = pod(),
  }: { living?: readonly string[]; quota?: number | undefined; buying?: readonly string[]; asker?: EipPod } = {},
): string | undefined {
  const all = new Map([asking, ...claims].map((each) => [keyOf(each), each]));
  const run = {
    buying: new Set(buying),
    deps: {
      necs: { latest: () => ({ status: quota < 0 ? {} : { eip: { quota, reason: '' } } }) },
      eipClaims: { latest: (key: string) => all.get(key), unseen: () => [] },
      informers: {
        eipClaims: {
          byIndex: (_index: string, node: string) =>
            [...all.values()].filter(({ status }) => status?.nodeName === node),
        },
        pods: {
          get: (key: string) => {
            const name = key.split('/')[1] ?? '';
            return living.includes(name) ? { metadata: { name, uid: name }, ended: false } : undefined;
          },
        },
      },
    },
  } as unknown as EipRun;
  return whyNoRoom(run, asking, asker)?.reason;
}

const FULL = 'InstanceEIPQuotaExceeded';
it.each([
  ['one that has an EIP', FULL, room([claim('a', { eipID: 'eip-1', phase: 'Bound' })])],
  ['one whose purchase has no answer yet', FULL, room([claim('a', { operation: {} as never, phase: 'Allocating' })])],
  ['one that begins to buy in this moment', FULL, room([claim('a', { phase: 'Pending' })], { buying: ['default/a'] })],
  ['a node that can have none', FULL, room([], { quota: 0 })],
  ['one that was refused', undefined, room([claim('a', { operation: {} as never, phase: 'Failed' })])],
  ['one that waits as this does', undefined, room([claim('a', { phase: 'Pending' })])],
  [
    'one whose Pod has gone, and that is being released',
    undefined,
    room([claim('a', { eipID: 'eip-1' })], { living: [] }),
  ],
  ['one on another node', undefined, room([claim('a', { eipID: 'eip-1', nodeName: 'node-2' })])],
  ['a super node', undefined, room([claim('a', { eipID: 'eip-1' })], { asker: pod({ superNode: true }) })],
  ['a node of which nobody knows how many', undefined, room([claim('a', { eipID: 'eip-1' })], { quota: -1 })],
])('%s: %s', (_what, expected, found) => {
  expect(found).toBe(expected);
});
