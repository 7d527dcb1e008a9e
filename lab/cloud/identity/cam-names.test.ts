import { describe, expect, test } from 'vitest';

import { camGrant } from '../../../src/cloud/api-codes.ts';
import { subEniActions } from '../actions/sub-enis.ts';
import { allActions } from '../actions/index.ts';
import type { Action } from '../action.ts';
import { camName, wishesOf } from './cam-names.ts';

const where = { region: 'ap-guangzhou', uin: '100000000001' };
const vpc = (name: string): Pick<Action, 'name' | 'services'> => ({ name, services: ['vpc'] });

test('the five actions of the documents are called as the documents call them', () => {
  const names = ['Associate', 'Disassociate'].map((verb) => camName(vpc(`${verb}NetworkInterfaceSecurityGroups`)));
  expect([...names, ...subEniActions.map(camName)].toSorted()).toEqual([
    'cvm:AssociateNetworkInterfaceSecurityGroups',
    'cvm:CheckNetworkInterfaceSecurityGroupReady',
    'cvm:DisassociateNetworkInterfaceSecurityGroups',
    'vpc:CreateSubNetworkInterface',
    'vpc:DeleteSubNetworkInterface',
  ]);
});

test('the adapter tells people to grant the names that are enforced', () => {
  const asked = ['CreateNetworkInterface', 'DescribeInstances', 'ModifyInstancesAttribute', 'DescribeSubnets'];
  for (const action of allActions.filter(({ name }) => asked.includes(name)))
    expect(camGrant(action.name)).toBe(camName(action));
});

describe('the resource of a call', () => {
  const resources = (name: string, body: Record<string, unknown> = {}): readonly string[] =>
    wishesOf(vpc(name), body, where).map(({ resource }) => resource);
  const head = 'ap-guangzhou:uin/100000000001';

  test('of an EIP that is still to be bought is eip/*, as the error text of the real service shows', () => {
    expect(wishesOf(vpc('AllocateAddresses'), { AddressCount: 1 }, where)).toEqual([
      { action: 'cvm:AllocateAddresses', resource: `qcs::cvm:${head}:eip/*` },
    ]);
  });

  test('is one for each id that the call names', () => {
    expect(resources('ReleaseAddresses', { AddressIds: ['eip-aaaaaaaa', 'eip-bbbbbbbb'] })).toEqual([
      `qcs::cvm:${head}:eip/eip-aaaaaaaa`,
      `qcs::cvm:${head}:eip/eip-bbbbbbbb`,
    ]);
    expect(resources('AssignPrivateIpAddresses', { NetworkInterfaceId: 'eni-aaaaaaaa' })).toEqual([
      `qcs::vpc:${head}:eni/eni-aaaaaaaa`,
    ]);
  });

  test('of a call about the addresses of a NAT gateway is the gateway', () => {
    expect(resources('AssociateNatGatewayAddress', { NatGatewayId: 'nat-aaaaaaaa' })).toEqual([
      `qcs::vpc:${head}:nat/nat-aaaaaaaa`,
    ]);
    expect(resources('CreateAddressTemplate')).not.toEqual([`qcs::cvm:${head}:eip/*`]);
  });

  test('of a VPC-CNI call is its cluster', () => {
    const call = { name: 'AddVpcCniSubnets', services: ['tke'] } as const;
    expect(wishesOf(call, { ClusterId: 'cls-aaaaaaaa', SubnetIds: ['subnet-aaaaaaaa'] }, where)).toEqual([
      { action: 'tke:AddVpcCniSubnets', resource: `qcs::ccs:${head}:cluster/cls-aaaaaaaa` },
    ]);
  });

  test('is everything where ids are missing or are no texts', () => {
    expect(resources('DeleteSecurityGroup', { SecurityGroupId: 7 })).toEqual([`qcs::cvm:${head}:sg/*`]);
    expect(wishesOf({ name: 'CreatePolicy', services: ['cam'] }, {}, where)).toEqual([
      { action: 'cam:CreatePolicy', resource: `qcs::cam:${head}:*` },
    ]);
  });
});
