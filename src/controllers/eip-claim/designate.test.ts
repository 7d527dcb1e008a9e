// Two claims that choose among the same EIPs in the same moment, before either is recorded.
import { expect, it } from 'vitest';
import { createFakeClock } from '../../../test/fake-clock.ts';
import type { EipClaim } from '../../api/eip-claim.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import { keyOf } from '../../kube/object-key.ts';
import { designate } from './designate.ts';
import type { EipPod } from './pods.ts';
import type { EipRun } from './run.ts';

const free: Eip = {
  eipId: 'eip-aaaaaaaa',
  name: '',
  ip: '203.0.113.1',
  status: 'UNBIND',
  isp: 'BGP',
  blocked: false,
  tags: [],
  createdAt: '',
};
const claim = (name: string): EipClaim => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'EIPClaim',
  metadata: { namespace: 'default', name, uid: name, resourceVersion: '1' },
  spec: { deletePolicy: 'Immediate', eipIDs: [free.eipId] },
});
const pod = (name: string): EipPod =>
  ({ key: `default/${name}`, uid: name, superNode: false, marks: {}, pod: claim(name) }) as unknown as EipPod;

/** An API whose writes take a moment, and what was written. */
function setUp() {
  const written = new Map<string, EipClaim>();
  const told: string[] = [];
  const run = {
    reserved: new Map<string, string>(),
    reader: { read: () => Promise.resolve(free) },
    deps: {
      clock: createFakeClock(),
      timings: { eipLookMs: 1, lookAgainMs: 2 },
      recorder: { record: ({ message }: { message: string }) => void told.push(message) },
      informers: { eipClaims: { byIndex: () => [] } },
      eipClaims: {
        unseen: () => [...written.values()],
        latest: (key: string) => written.get(key),
        wrote: (object: EipClaim) => void written.set(keyOf(object), object),
      },
      client: {
        patch: async (_resource: unknown, name: string, { body }: { body: EipClaim }) => {
          await new Promise((resolve) => setImmediate(resolve));
          return { ...claim(name), ...body, metadata: claim(name).metadata };
        },
      },
    },
  } as unknown as EipRun;
  return { run, told };
}

it('exactly one of them has it, and the other says who', async () => {
  const { run, told } = setUp();
  const results = await Promise.all(['a', 'b'].map((name) => designate(run, claim(name), pod(name), undefined)));
  expect(results.map(({ kind }) => kind)).toEqual(['has', 'waits']);
  expect(told).toEqual([expect.stringContaining('eip-aaaaaaaa is held by EIPClaim default/a') as string]);
  // Afterwards the record holds it.
  expect((await designate(run, claim('c'), pod('c'), undefined)).kind).toBe('waits');
});
