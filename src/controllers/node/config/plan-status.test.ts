// What a nec says of its ENIs and of settings that are not accepted.
import { describe, expect, it } from 'vitest';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import { type NecFacts, planNecStatus, POOL_SETTINGS } from './plan-status.ts';

const eni = (name: string, type: 'Trunk' | 'Shared', phase: 'Ready' | 'Attaching' = 'Ready'): VpcEni => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcENI',
  metadata: { name },
  spec: { type, nodeName: 'n1', securityGroups: [] },
  status: {
    phase,
    eni: {
      eniID: `eni-${name}`,
      macAddress: '',
      addresses: [{ ip: '10.0.0.2', primary: true }],
      subnetID: 's',
      subnetCIDR: '10.0.0.0/24',
      gateway: '10.0.0.1',
      securityGroups: [],
    },
  },
});
const nec = (status: NodeEniConfig['status'] = {}): NodeEniConfig => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'NodeENIConfig',
  metadata: { name: 'n1' },
  spec: {},
  status,
});
const plan = (found: NodeEniConfig, enis: readonly VpcEni[], change: Partial<NecFacts> = {}) =>
  planNecStatus({
    nec: found,
    instanceId: 'ins-12345678',
    known: undefined,
    enis,
    routeEni: undefined,
    trunkingEnabled: true,
    refusal: undefined,
    now: new Date(0),
    ...change,
  });
const indexes = ({ eniInfos }: { readonly eniInfos: readonly { readonly eniID: string; readonly index: number }[] }) =>
  eniInfos.map((info) => [info.eniID, info.index]);

describe('the ENIs of a nec', () => {
  it('have indexes of their own, the trunk among them', () => {
    const first = plan(nec(), [eni('t', 'Trunk'), eni('a', 'Shared'), eni('b', 'Shared')]);
    expect(indexes(first)).toEqual([
      ['eni-t', 1],
      ['eni-a', 2],
      ['eni-b', 3],
    ]);
    expect(first.eniInfos.map((info) => info.trunk)).toEqual([true, undefined, undefined]);
  });

  it('keep their indexes when another one goes, and a new one takes the free one', () => {
    const first = plan(nec(), [eni('a', 'Shared'), eni('b', 'Shared'), eni('c', 'Shared')]);
    const second = plan(nec({ eniInfos: first.eniInfos }), [eni('a', 'Shared'), eni('c', 'Shared')]);
    expect(indexes(second)).toEqual([
      ['eni-a', 1],
      ['eni-c', 3],
    ]);
    const third = plan(nec({ eniInfos: second.eniInfos }), [
      eni('d', 'Shared'),
      eni('a', 'Shared'),
      eni('c', 'Shared'),
    ]);
    expect(indexes(third)).toEqual([
      ['eni-d', 2],
      ['eni-a', 1],
      ['eni-c', 3],
    ]);
  });

  it('are listed once they are attached', () => {
    expect(indexes(plan(nec(), [eni('a', 'Shared', 'Attaching')]))).toEqual([]);
  });
  it('keep their indexes while they are attached again, and nobody else gets them', () => {
    const first = plan(nec(), [eni('a', 'Shared'), eni('b', 'Shared')]);
    const lost = plan(nec({ eniInfos: first.eniInfos }), [eni('a', 'Shared', 'Attaching'), eni('b', 'Shared')]);
    expect(lost.eniInfos.map((info) => info.pendingOperation)).toEqual(['attach', undefined]);
    const joined = [eni('c', 'Shared'), eni('a', 'Shared', 'Attaching'), eni('b', 'Shared')];
    const third = plan(nec({ eniInfos: lost.eniInfos }), joined);
    expect(indexes(third)).toEqual([
      ['eni-c', 3],
      ['eni-a', 1],
      ['eni-b', 2],
    ]);
    const back = plan(nec({ eniInfos: third.eniInfos }), [eni('a', 'Shared'), eni('b', 'Shared'), eni('c', 'Shared')]);
    expect(indexes(back)).toEqual([
      ['eni-a', 1],
      ['eni-b', 2],
      ['eni-c', 3],
    ]);
  });
  it('of one that vanished leave its index taken as long as Pods have its addresses', () => {
    const first = plan(nec(), [eni('a', 'Shared')]);
    const { status, ...rest } = eni('b', 'Shared');
    const use = { generation: 1, inUse: [{ ip: '10.0.0.9', podUID: 'p' }], released: [], refused: [], observedAt: '' };
    const none = { ...rest, status: { phase: 'Pending', use } } as const;
    const lost = plan(nec({ eniInfos: first.eniInfos }), [none]);
    expect(lost.eniInfos).toMatchObject([{ eniID: 'eni-a', index: 1, pendingOperation: 'gone' }]);
    const again = plan(nec({ eniInfos: lost.eniInfos }), [{ ...rest, status: { ...status, use } }]);
    expect(indexes(again)).toEqual([
      ['eni-a', 1],
      ['eni-b', 2],
    ]);
    const over = plan(nec({ eniInfos: again.eniInfos }), [eni('b', 'Shared')]);
    expect(indexes(over)).toEqual([['eni-b', 2]]);
  });
  it('keep their indexes until their deleted objects are gone', () => {
    const first = plan(nec(), [eni('a', 'Shared')]);
    const gone = eni('a', 'Shared');
    const leaving = { ...gone, metadata: { ...gone.metadata, deletionTimestamp: '2026-01-02T03:04:05Z' } };
    const second = plan(nec({ eniInfos: first.eniInfos }), [leaving, eni('b', 'Shared')]);
    expect(second.eniInfos.map(({ eniID, index, pendingOperation }) => [eniID, index, pendingOperation])).toEqual([
      ['eni-a', 1, 'detach'],
      ['eni-b', 2, undefined],
    ]);
  });
});

describe('the condition about settings', () => {
  const problem = { reason: 'CapBelowUse', message: 'too low' };
  const routeENI = {
    quota: 27,
    reason: '',
    maxENI: 3,
    maxIPPerENI: 9,
    minWarmTarget: 5,
    maxWarmTarget: 5,
    bound: 0,
    pods: 0,
    target: 'not looked at yet',
  };
  const of = (conditions: readonly { type: string }[]) => conditions.find(({ type }) => type === POOL_SETTINGS);

  it('is absent until something was wrong, names it then, and says when it is right again', () => {
    expect(of(plan(nec(), [], { routeEni: { routeENI, problems: [] } }).conditions)).toBeUndefined();
    const wrong = plan(nec(), [], { routeEni: { routeENI, problems: [problem] } }).conditions;
    expect(of(wrong)).toMatchObject({
      status: 'False',
      reason: 'CapBelowUse',
      message: 'too low; what was in force stays',
    });
    const right = plan(nec({ conditions: wrong }), [], { routeEni: { routeENI, problems: [] } }).conditions;
    expect(of(right)).toMatchObject({ status: 'True' });
  });
});
