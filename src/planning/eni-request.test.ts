// Bodies of creating calls: the same bytes for the same record, and the gateway of a subnet.
import { describe, expect, it } from 'vitest';
import type { VpcEni } from '../api/vpc-eni.ts';
import { gatewayOf, nodeEniRequest, subEniRequest } from './eni-request.ts';

const eni: VpcEni = {
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcENI',
  metadata: { name: 'sub-u1', uid: '0b0f6c0e-0000-4000-8000-000000000001' },
  spec: {
    type: 'SubENI',
    nodeName: 'n1',
    pod: { namespace: 'a'.repeat(60), name: 'web', uid: 'u1' },
    securityGroups: ['sg-bbbbbbbb', 'sg-aaaaaaaa'],
  },
};
const input = { eni, attempt: 1, vpcId: 'vpc-12345678', subnetId: 'subnet-12345678', clusterUid: 'c' };

describe('bodies of creating calls', () => {
  it('are the same bytes for the same record', () => {
    const bytes = () => JSON.stringify(subEniRequest({ ...input, trunkEniId: 'eni-trunk000' }));
    expect(bytes()).toBe(bytes());
  });

  it('carry groups in order, trunk, token and the owner', () => {
    const request = subEniRequest({ ...input, trunkEniId: 'eni-trunk000' });
    expect(request).toMatchObject({ securityGroups: ['sg-bbbbbbbb', 'sg-aaaaaaaa'], trunkEniId: 'eni-trunk000' });
    expect(request.tags.map((tag) => tag.value)).toEqual(['c', 'VpcENI/sub-u1', eni.metadata.uid, '1']);
    expect(request.description.length).toBeLessThanOrEqual(60);
  });

  it('name the address that a claim kept, and none otherwise', () => {
    const kept = { ...eni, spec: { ...eni.spec, address: '10.0.32.5' } };
    expect(subEniRequest({ ...input, eni: kept, trunkEniId: 'eni-trunk000' }).address).toBe('10.0.32.5');
    expect(subEniRequest({ ...input, trunkEniId: 'eni-trunk000' })).not.toHaveProperty('address');
  });

  it('ask for a trunk with another name and token on each attempt', () => {
    const trunk = {
      ...input,
      eni: { ...eni, spec: { ...eni.spec, type: 'Trunk' as const } },
      secondaryAddressCount: 0,
    };
    const [one, two] = [nodeEniRequest(trunk), nodeEniRequest({ ...trunk, attempt: 2 })];
    expect(one.trunk).toBe(true);
    expect(one).not.toHaveProperty('secondaryAddressCount');
    expect(two.clientToken).not.toBe(one.clientToken);
    expect(two.name).not.toBe(one.name);
  });

  it('ask for a shared ENI with its first addresses, and no trunk', () => {
    const shared = { ...eni, spec: { ...eni.spec, type: 'Shared' as const } };
    const request = nodeEniRequest({ ...input, eni: shared, secondaryAddressCount: 5 });
    expect(request.secondaryAddressCount).toBe(5);
    expect(request).not.toHaveProperty('trunk');
    expect(request.description).toBe('shared ENI of node n1');
  });

  it.each([
    ['10.0.35.0/24', '10.0.35.1'],
    ['10.0.32.128/26', '10.0.32.129'],
  ])('take the first address of %s as its gateway', (cidr, gateway) => {
    expect(gatewayOf(cidr)).toBe(gateway);
  });

  it('refuse what is no CIDR', () => {
    expect(() => gatewayOf('10.0.0.0')).toThrow();
  });
});
