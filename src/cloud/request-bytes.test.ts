import { expect, test } from 'vitest';

import { createEniParameters, createSubEniParameters } from './request-bytes.ts';

const request = {
  clientToken: 'token-1',
  tags: [
    { key: 'b', value: '2' },
    { key: 'a', value: '1' },
  ],
  securityGroups: ['sg-bbbbbbbb', 'sg-aaaaaaaa'],
  description: 'Pod default/web',
  name: 'sub-1',
  subnetId: 'subnet-1',
  vpcId: 'vpc-1',
};

test('a sub-ENI request gives the same bytes whatever the order of its keys, and keeps the order of groups and tags', () => {
  const { clientToken, ...rest } = request;
  const shuffled = { trunkEniId: 'eni-1', ...rest, clientToken };
  const bytes = JSON.stringify(createSubEniParameters({ ...request, trunkEniId: 'eni-1' }));
  expect(JSON.stringify(createSubEniParameters(shuffled))).toBe(bytes);
  expect(bytes).toBe(
    '{"VpcId":"vpc-1","SubnetId":"subnet-1","TrunkNetworkInterfaceId":"eni-1","NetworkInterfaceName":"sub-1",' +
      '"NetworkInterfaceDescription":"Pod default/web","SecurityGroupIds":["sg-bbbbbbbb","sg-aaaaaaaa"],' +
      '"Tags":[{"Key":"b","Value":"2"},{"Key":"a","Value":"1"}],"ClientToken":"token-1"}',
  );
});

test('a sub-ENI with a kept address names it', () => {
  const { PrivateIpAddresses } = createSubEniParameters({ ...request, trunkEniId: 'eni-1', address: '10.0.32.5' });
  expect(PrivateIpAddresses).toEqual([{ PrivateIpAddress: '10.0.32.5' }]);
});

test('only a trunk carries TrunkingFlag', () => {
  expect(createEniParameters({ ...request, trunk: true }).TrunkingFlag).toBe('Enable');
  expect(createEniParameters(request)).not.toHaveProperty('TrunkingFlag');
});
