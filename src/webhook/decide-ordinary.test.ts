// How a Pod without a group of its own is counted against its node.
import { describe, expect, it } from 'vitest';
import { annotations as keys, resourceNames } from '../api/keys.ts';
import { decide } from './decide.ts';
import { admitted, input, pod } from './testing/decide-input.ts';

const { eniIp, directEni, subEni, eip } = resourceNames;

describe('an ordinary Pod', () => {
  it('counts a Pod whose network is the default one, until a network is named', () => {
    const named = pod({ annotations: { [keys.networks]: 'tke-bridge, tke-direct-eni@eth1' } });
    expect(admitted(decide(input({ policies: [] }))).resources).toEqual({ atLeast: [eniIp] });
    expect(admitted(decide(input({ policies: [], pod: named }))).resources).toEqual({ atLeast: [directEni] });
  });

  it('says in the documented words that a Pod of another default network gets nothing', () => {
    const bridge = { policies: [], defaultNetworks: { ok: true, names: ['tke-bridge', 'tke-route'] } } as const;
    expect(admitted(decide(input(bridge))).note).toBe(
      "pod shop/web-1 doesn't contain annotation tke.cloud.tencent.com/networks and default cni is tke-bridge,tke-route. Nothing to patch",
    );
  });

  it('warns and counts nothing when the default network cannot be read, unless the Pod names one', () => {
    const unread = { policies: [], defaultNetworks: { ok: false, problem: 'the key is missing' } } as const;
    const decision = admitted(decide(input(unread)));
    expect(decision).toMatchObject({ resources: {}, warnings: [expect.stringContaining('the key is missing')] });
    const named = pod({ annotations: { [keys.networks]: 'tke-route-eni' } });
    expect(admitted(decide(input({ ...unread, pod: named })))).toMatchObject({
      resources: { atLeast: [eniIp] },
      warnings: [],
    });
  });

  it('lets a Pod wait for a node that has an EIP left, beside its address or sub-ENI', () => {
    const asking = pod({ annotations: { [keys.eipIdList]: 'eip-12ab34cd' } });
    expect(admitted(decide(input({ pod: asking, policies: [] })))).toMatchObject({
      resources: { atLeast: [eniIp, eip] },
      warnings: [],
    });
    expect(admitted(decide(input({ pod: asking }))).resources).toMatchObject({
      exactly: { add: subEni },
      atLeast: [eip],
    });
    const uncounted = { pod: asking, policies: [], servesEip: false };
    expect(admitted(decide(input(uncounted)))).toMatchObject({ resources: { atLeast: [eniIp] }, warnings: [] });
  });

  it('lets a Pod that asks for an exclusive ENI wait in the known words, and tells its creator why', () => {
    const asking = pod({ annotations: { [keys.networks]: 'tke-direct-eni' } });
    const decision = admitted(decide(input({ policies: [], pod: asking })));
    expect(decision.resources).toEqual({ atLeast: ['tke.cloud.tencent.com/direct-eni'] });
    expect(decision.warnings).toEqual([expect.stringContaining('serves no exclusive ENI')]);
    expect(admitted(decide(input({ policies: [] }))).warnings).toEqual([]);
  });

  it('counts the Pods of kube-system, and neither gives them groups nor refuses any', () => {
    const system = { namespace: { name: 'kube-system', labels: {} } };
    expect(admitted(decide(input(system)))).toMatchObject({
      outcome: undefined,
      annotations: {},
      resources: { atLeast: [eniIp] },
    });
    const handmade = pod({ annotations: { [keys.networks]: 'tke-sub-eni', [keys.securityGroupId]: 'sg-handmade' } });
    expect(admitted(decide(input({ ...system, pod: handmade })))).toMatchObject({ annotations: {}, resources: {} });
    const wrong = pod({ annotations: { [keys.eipAttributes]: '{' } });
    expect(admitted(decide(input({ ...system, pod: wrong }))).warnings).toEqual([
      expect.stringContaining('the Pod gets no EIP'),
    ]);
    for (const spec of [{ hostNetwork: true }, { nodeSelector: { 'node.kubernetes.io/instance-type': 'eklet' } }])
      expect(admitted(decide(input({ ...system, pod: pod({ spec }) }))).resources).toEqual({});
  });
});
