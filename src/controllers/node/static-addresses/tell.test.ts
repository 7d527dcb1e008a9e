// What a nec says of static addresses is written when it is news, and a new process has none to tell of a node that stands as it stood.
import { expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { nodeEniConfigs } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { createManualInformer } from '../../../kube/testing/manual-informer.ts';
import type { KubeClient } from '../../../kube/types.ts';
import type { StaticEni } from '../../../planning/static-plan.ts';
import { createPoolMemory } from '../pool/memory.ts';
import { createWriteMemory } from '../../write-memory.ts';
import { tellStaticNode } from './tell.ts';

const API = 'networking.tke.cloud.tencent.com/v1';
const NODE = 'node-1';

const eni: VpcEni = {
  apiVersion: API,
  kind: 'VpcENI',
  metadata: { name: 'node-1-1', uid: 'eni-uid' },
  spec: { type: 'Shared', nodeName: NODE, securityGroups: [] },
  status: {
    phase: 'Ready',
    eni: {
      eniID: 'eni-1',
      macAddress: '02:22:00:00:00:01',
      subnetID: 'subnet-1',
      subnetCIDR: '10.0.0.0/24',
      gateway: '10.0.0.1',
      securityGroups: [],
      addresses: [
        { ip: '10.0.0.2', primary: true },
        { ip: '10.0.0.3', primary: false },
        { ip: '10.0.0.4', primary: false },
      ],
    },
  },
};

const shown = (...ips: readonly string[]): StaticEni['seen'] => ips.map((ip) => ({ ip, settled: true }));

/** A nec as a former process has left it; `tell` answers the figures that were written, if any were. */
function start() {
  const clock = createFakeClock();
  const informer = createManualInformer<NodeEniConfig>(nodeEniConfigs);
  informer.put({
    apiVersion: API,
    kind: 'NodeENIConfig',
    metadata: { name: NODE, uid: 'nec-uid', resourceVersion: '1' },
    spec: {},
    status: {
      routeENI: {
        quota: 9,
        reason: 'model',
        maxENI: 1,
        maxIPPerENI: 9,
        minWarmTarget: 0,
        maxWarmTarget: 0,
        bound: 0,
        pods: 0,
        target: '',
      },
    },
  });
  const necs = createWriteMemory<NodeEniConfig>(informer);
  const memory = createPoolMemory();
  const written: (number | undefined)[] = [];
  const client = {
    patch: (_resource: unknown, name: string, { body }: { readonly body: { status: NodeEniConfig['status'] } }) => {
      const before = necs.latest(name);
      if (before === undefined) throw new Error(`no nec ${name}`);
      const resourceVersion = String(Number(before.metadata.resourceVersion) + 1);
      const after = { ...before, metadata: { ...before.metadata, resourceVersion }, status: body.status };
      written.push(body.status?.routeENI?.bound);
      return Promise.resolve(after);
    },
  } as unknown as KubeClient;
  const tell = async (seen: StaticEni['seen']): Promise<readonly (number | undefined)[]> => {
    written.length = 0;
    const nec = necs.latest(NODE);
    if (nec === undefined) throw new Error('no nec');
    const enis = [{ name: 'node-1-1', subnetId: 'subnet-1', ready: true, busy: false, closed: false, cap: 9, seen }];
    const input = {
      enis,
      held: [],
      claims: [],
      maxENI: 1,
      maxIPPerENI: 9,
      refused: new Map(),
      living: new Set<string>(),
      subnetsOfZone: [],
    };
    const node = { nec, enis: [eni], claims: new Map(), input };
    await tellStaticNode({ client, clock, necs }, memory.node(NODE), node, undefined);
    return [...written];
  };
  return { clock, tell };
}

it('counts what is recorded of an ENI until the cloud was asked, and writes nothing when the answer is the same', async () => {
  const { clock, tell } = start();
  expect(await tell(undefined)).toEqual([2]);
  await clock.advance(10_000);
  expect(await tell(shown('10.0.0.3', '10.0.0.4'))).toEqual([]);
  expect(await tell(undefined)).toEqual([]);
});

it('counts what the cloud shows once it was asked', async () => {
  const { clock, tell } = start();
  await tell(undefined);
  await clock.advance(10_000);
  expect(await tell(shown('10.0.0.3', '10.0.0.4', '10.0.0.5'))).toEqual([3]);
});
