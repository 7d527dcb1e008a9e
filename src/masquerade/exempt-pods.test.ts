// Which Pods keep their own address without being listed, and what is watched for that.
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import { silentLogger } from '../base/logger.ts';
import { type Pod, pods } from '../kube/resources.ts';
import { createManualInformer, type ManualInformer } from '../kube/testing/manual-informer.ts';
import type { Resource } from '../kube/types.ts';
import { createExemptPods, type ExemptPod, projectExemptPod } from './exempt-pods.ts';

const podOf = (change: { readonly eip?: string; readonly spec?: object; readonly status?: object } = {}): ExemptPod =>
  projectExemptPod({
    metadata: { name: 'web-0', namespace: 'default', annotations: { [annotations.eipPublicIp]: change.eip ?? '' } },
    spec: change.spec ?? {},
    status: { podIP: '10.0.1.5', ...change.status },
  } as unknown as Pod);

describe('a Pod is exempt', () => {
  it('once its EIP is bound, with all its addresses', () => {
    expect(podOf().exempt).toEqual([]);
    expect(podOf({ eip: '203.0.113.5' }).exempt).toEqual(['10.0.1.5']);
    const both = { podIPs: [{ ip: '10.0.1.5' }, { ip: 'fd00::5' }] };
    expect(podOf({ eip: '203.0.113.5', status: both }).exempt).toEqual(['10.0.1.5', 'fd00::5']);
  });

  it('neither on the network of its node nor after its end', () => {
    expect(podOf({ eip: '203.0.113.5', spec: { hostNetwork: true } }).exempt).toEqual([]);
    expect(podOf({ eip: '203.0.113.5', status: { phase: 'Succeeded' } }).exempt).toEqual([]);
  });
});

describe('exempt Pods', () => {
  const world = () => {
    const made: { pods: ManualInformer<ExemptPod>[]; enis: ManualInformer<VpcEni>[] } = { pods: [], enis: [] };
    let changes = 0;
    const exempt = createExemptPods({
      pods: () => {
        const informer = createManualInformer(pods as unknown as Resource<ExemptPod>);
        made.pods.push(informer);
        return informer;
      },
      enis: () => {
        const informer = createManualInformer(vpcEnis);
        made.enis.push(informer);
        return informer;
      },
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    exempt.onChange(() => (changes += 1));
    return { exempt, made, changes: () => changes };
  };
  const eni = (name: string, spec: object, phase: string): VpcEni =>
    ({ metadata: { name }, spec, status: { phase, eni: { addresses: [{ ip: '10.0.1.9' }] } } }) as unknown as VpcEni;

  it('are none, and nothing is watched, while nobody asks', () => {
    const { exempt, made } = world();
    exempt.want({ eipPods: false, strictPods: false });
    expect(exempt.sources()).toEqual([]);
    expect([made.pods, made.enis]).toEqual([[], []]);
  });

  it('are unknown until what is asked for has been listed, and each change is told', () => {
    const { exempt, made, changes } = world();
    exempt.want({ eipPods: true, strictPods: true });
    made.pods[0]?.sync();
    made.pods[0]?.put(podOf({ eip: '203.0.113.5' }));
    expect(exempt.sources()).toBeUndefined();
    made.enis[0]?.sync();
    made.enis[0]?.put(eni('sub-1', { type: 'SubENI', enforcingMode: 'strict' }, 'Ready'));
    expect(exempt.sources()).toEqual(['10.0.1.5/32', '10.0.1.9/32']);
    expect(changes()).toBe(2);
  });

  it('are those with strict routing alone among sub-ENIs, while a Pod has them', () => {
    const { exempt, made } = world();
    exempt.want({ eipPods: false, strictPods: true });
    made.enis[0]?.sync();
    made.enis[0]?.put(eni('sub-1', { type: 'SubENI', enforcingMode: 'standard' }, 'Ready'));
    made.enis[0]?.put(eni('sub-2', { type: 'SubENI', enforcingMode: 'strict' }, 'Kept'));
    made.enis[0]?.put(eni('trunk', { type: 'Trunk' }, 'Ready'));
    expect(exempt.sources()).toEqual([]);
  });

  it('are watched anew when they are asked for again', () => {
    const { exempt, made } = world();
    for (const eipPods of [true, true, false, true]) exempt.want({ eipPods, strictPods: false });
    expect(made.pods).toHaveLength(2);
    expect(exempt.sources()).toBeUndefined();
  });
});
