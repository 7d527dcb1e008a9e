// Looks at node ENIs: what a describe that is behind the answer of a call may and may not make this process believe.
import { beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/fake-clock.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { Eni, Observation } from '../../../cloud/vpc-cloud.ts';
import type { IpamdDeps } from '../../deps.ts';
import { startLook, takeLook } from './look.ts';
import { createPoolMemory } from './memory.ts';

const INSTANCE = 'ins-12345678';
const eni: VpcEni = {
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcENI',
  metadata: { name: 'shared-n1-1', uid: 'u1' },
  spec: { type: 'Shared', nodeName: 'n1', instanceID: INSTANCE, securityGroups: [] },
  status: {
    phase: 'Ready',
    pool: { generation: 4, addresses: [] },
    eni: {
      eniID: 'eni-12345678',
      macAddress: '',
      addresses: [{ ip: '10.0.0.2', primary: true }],
      subnetID: 'subnet-12345678',
      subnetCIDR: '10.0.0.0/24',
      gateway: '10.0.0.1',
      securityGroups: [],
    },
  },
};
const shown = (...ips: readonly string[]): Eni => ({
  eniId: 'eni-12345678',
  name: '',
  kind: 'secondary',
  state: 'AVAILABLE',
  vpcId: 'vpc-12345678',
  subnetId: 'subnet-12345678',
  mac: '',
  addresses: [
    { ip: '10.0.0.2', primary: true, settled: true },
    ...ips.map((ip) => ({ ip, primary: false, settled: true })),
  ],
  securityGroups: [],
  attachment: { instanceId: INSTANCE, deviceIndex: 1 },
  tags: [],
});

describe('a look after addresses were assigned', () => {
  const clock = createFakeClock();
  const memory = createPoolMemory();
  const world: { observation: Observation } = { observation: { state: 'pending' } };
  const deps = {
    clock,
    timings: { consistencyWindowMs: 1_000, stuckMs: 300_000, lookAgainMs: 30_000 },
    watcher: { observe: () => world.observation, forget: () => undefined },
  } as unknown as IpamdDeps;
  const known = memory.eni('u1');
  const look = async (found: Eni): Promise<boolean> => {
    startLook(deps, known, eni);
    world.observation = { state: 'ready', eni: found };
    return takeLook(deps, memory, eni, INSTANCE, new AbortController().signal);
  };
  beforeEach(() => {
    Object.assign(known, {
      seen: undefined,
      looking: undefined,
      callOpen: true,
      arriving: new Set(['10.0.0.7', '10.0.0.8']),
      arrivingSinceMs: clock.monotonicMs(),
      notBeforeMs: 0,
    });
  });

  it('is over when it shows them, with the generation at which it began', async () => {
    expect(await look(shown('10.0.0.7', '10.0.0.8'))).toBe(true);
    expect(known).toMatchObject({ callOpen: false, looking: undefined });
    expect(known.seen?.generation).toBe(4);
    expect(known.seen?.addresses.map(({ ip }) => ip)).toEqual(['10.0.0.7', '10.0.0.8']);
  });

  it('waits for those that it does not show yet, and looks again', async () => {
    await look(shown('10.0.0.7'));
    expect([known.callOpen, [...known.arriving]]).toEqual([true, ['10.0.0.8']]);
    expect(known.notBeforeMs).toBeGreaterThan(clock.monotonicMs());
  });

  it('does not wait for ever: their task may have failed', async () => {
    known.arrivingSinceMs = clock.monotonicMs() - 2_000;
    await look(shown('10.0.0.7'));
    expect([known.callOpen, [...known.arriving]]).toEqual([false, []]);
  });

  it('believes that a call without an answer had its effect when there is something new', async () => {
    Object.assign(known, { arriving: new Set(), unanswered: true, seen: { generation: 4, addresses: [] } });
    await look(shown());
    expect(known.unanswered).toBe(true);
    await look(shown('10.0.0.9'));
    expect(known.unanswered).toBe(false);
  });
});
