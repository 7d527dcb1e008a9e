// The sentence that says what a namespace waits for.
import { describe, expect, it } from 'vitest';
import type { VpcEni } from '../../../api/vpc-eni.ts';
import type { VpcIp } from '../../../api/vpc-ip.ts';
import { describeLeftovers } from './leftovers.ts';

const eni = (number: number, ready?: { readonly status: string; readonly message: string }): VpcEni =>
  ({
    metadata: { name: `sub-${number}` },
    spec: { type: 'SubENI', pod: { namespace: 'shop', name: `web-${number}`, uid: `${number}` } },
    status: ready === undefined ? {} : { eni: { eniID: `eni-${number}` }, conditions: [{ type: 'Ready', ...ready }] },
  }) as unknown as VpcEni;

const described = (...subEnis: readonly VpcEni[]): string => describeLeftovers({ subEnis, addresses: [], eips: [] });

describe('describeLeftovers', () => {
  it('names the sub-ENI, its Pod and what it waits for', () => {
    expect(described(eni(1, { status: 'False', message: 'the agent has not reported' }))).toBe(
      'waits for 1 sub-ENI of its Pods: sub-1 (eni-1) of Pod web-1: the agent has not reported',
    );
  });

  it('says that the Pod has not ended of one that works, or that nobody has looked at yet', () => {
    expect(described(eni(2), eni(1, { status: 'True', message: 'all is well' }))).toBe(
      'waits for 2 sub-ENIs of its Pods: sub-1 (eni-1) of Pod web-1: its Pod has not ended; sub-2 of Pod web-2: its Pod has not ended',
    );
  });

  it('counts what would not fit', () => {
    const told = described(...[1, 2, 3, 4, 5, 6, 7].map((number) => eni(number)));
    expect(told).toContain('sub-5');
    expect(told).not.toContain('sub-6');
    expect(told).toMatch(/; and 2 more$/);
  });

  it('names addresses on ENIs, and whom they wait for', () => {
    const vip = (ip: string, agent?: object): VpcIp =>
      ({
        metadata: { name: ip },
        spec: { claim: { namespace: 'shop', name: 'db-0', uid: '1' } },
        status: { eniID: 'eni-1', nodeName: '10.0.1.5', podUID: 'p', agent },
      }) as unknown as VpcIp;
    expect(describeLeftovers({ subEnis: [], addresses: [vip('10.0.32.5')], eips: [] })).toBe(
      'waits for 1 address of its Pods: 10.0.32.5 on eni-1 of Pod db-0: the agent of node 10.0.1.5 has not reported its Pod torn down',
    );
    const torn = vip('10.0.32.6', { state: 'TornDown', podUID: 'p' });
    expect(describeLeftovers({ subEnis: [eni(1)], addresses: [torn], eips: [] })).toBe(
      'waits for 1 sub-ENI of its Pods: sub-1 of Pod web-1: its Pod has not ended. And for 1 address of its Pods: 10.0.32.6 on eni-1 of Pod db-0: it is being unassigned',
    );
  });
});
