import { describe, expect, test } from 'vitest';

import { createdSubEni, enisPage } from './decode.ts';

const raw = {
  NetworkInterfaceId: 'eni-1',
  NetworkInterfaceName: 'pod',
  EniType: 2,
  Primary: false,
  State: 'AVAILABLE',
  VpcId: 'vpc-1',
  SubnetId: 'subnet-1',
  MacAddress: '20:90:6F:AA:BB:CC',
  PrivateIpAddressSet: [
    { PrivateIpAddress: '10.0.0.9', Primary: false },
    { PrivateIpAddress: '10.0.0.8', Primary: true },
  ],
  GroupSet: ['sg-2', 'sg-1'],
  Attachment: null,
  TagSet: [{ Key: 'k', Value: 'v' }],
  VlanId: 7,
  TrunkNetworkInterfaceId: 'eni-9',
  SomethingNew: { Later: true },
};
const decodeOne = (change: object): unknown =>
  enisPage.parse({ TotalCount: 1, NetworkInterfaceSet: [{ ...raw, ...change }] }).items[0];

describe('an ENI in an answer', () => {
  test('becomes our Eni: MAC in lower case, primary address first, groups in order', () => {
    expect(decodeOne({})).toEqual({
      eniId: 'eni-1',
      name: 'pod',
      kind: 'sub',
      state: 'AVAILABLE',
      vpcId: 'vpc-1',
      subnetId: 'subnet-1',
      mac: '20:90:6f:aa:bb:cc',
      addresses: [
        { ip: '10.0.0.8', primary: true, settled: true },
        { ip: '10.0.0.9', primary: false, settled: true },
      ],
      securityGroups: ['sg-2', 'sg-1'],
      vlanId: 7,
      trunkEniId: 'eni-9',
      tags: [{ key: 'k', value: 'v' }],
    });
  });

  test('with null lists and an empty attachment has none', () => {
    expect(decodeOne({ GroupSet: null, TagSet: null, Attachment: { InstanceId: '' } })).toMatchObject({
      securityGroups: [],
      tags: [],
    });
    expect(decodeOne({ Attachment: { InstanceId: '' } })).not.toHaveProperty('attachment');
  });

  test('in a state that nobody knows yet counts as PENDING', () => {
    expect(decodeOne({ State: 'REBOOTING' })).toMatchObject({ state: 'PENDING' });
  });

  test('without EniType is told apart by Primary', () => {
    expect(decodeOne({ EniType: null, Primary: true })).toMatchObject({ kind: 'primary' });
    expect(decodeOne({ EniType: null, Primary: false })).toMatchObject({ kind: 'secondary' });
  });
});

test('a created sub-ENI without its VLAN id is not understood', () => {
  expect(createdSubEni.safeParse({ RequestId: 'r', NetworkInterface: raw }).success).toBe(true);
  expect(createdSubEni.safeParse({ RequestId: 'r', NetworkInterface: { ...raw, VlanId: null } }).success).toBe(false);
});

test('a page without its set is not taken for an empty one', () => {
  expect(enisPage.safeParse({ TotalCount: 0, NetworkInterfaceSet: null }).success).toBe(true);
  expect(enisPage.safeParse({ TotalCount: 0 }).success).toBe(false);
});
