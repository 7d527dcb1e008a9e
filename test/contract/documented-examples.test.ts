// The adapter beside the documented examples of the API: what each call sends, and what it makes of what the documentation shows as its answer.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { staticCredentials } from '../../src/cloud/credentials.ts';
import { createTencentCloud, type TencentCloud } from '../../src/cloud/tencent-cloud.ts';
import { answerJson, type ScriptedServer, startScriptedServer } from '../../src/cloud/testing/scripted-server.ts';
import type { Eni, VpcCloud } from '../../src/cloud/vpc-cloud.ts';
import * as bodies from './documented-bodies.ts';

let server: ScriptedServer;
let cloud: TencentCloud;
let answers: object[];
beforeEach(async () => {
  answers = [];
  server = await startScriptedServer((_request, response) => answerJson(response, { Response: answers.shift() }));
  cloud = createTencentCloud({
    credentials: staticCredentials({ secretId: 'AKIDEXAMPLE', secretKey: 'SKEXAMPLE' }),
    region: 'ap-guangzhou',
    endpoints: { vpc: server.url, cvm: server.url, cam: server.url },
    clock: systemClock,
    logger: silentLogger,
    random: () => 0,
  });
});
afterEach(async () => {
  cloud.close();
  await server.close();
});

const { accepted } = bodies;
const page = (set: string, items: readonly object[] | null, total = items?.length ?? 0): object => ({
  ...accepted,
  TotalCount: total,
  [set]: items,
});
const taskId = accepted.RequestId;
const newEni = {
  vpcId: 'vpc-2kx9z6h3',
  subnetId: 'subnet-9bn8gu2k',
  name: 'node-a-1',
  description: 'shared',
  securityGroups: ['sg-ijato2x1'],
  tags: [{ key: 'owner', value: 'cluster-a' }],
  clientToken: 'token-1',
};
const newEniBody = {
  VpcId: 'vpc-2kx9z6h3',
  NetworkInterfaceName: 'node-a-1',
  SubnetId: 'subnet-9bn8gu2k',
  NetworkInterfaceDescription: 'shared',
  SecurityGroupIds: ['sg-ijato2x1'],
  Tags: [{ Key: 'owner', Value: 'cluster-a' }],
  ClientToken: 'token-1',
};
const attached: Eni = {
  eniId: 'eni-f1xjkw1b',
  name: 'node-a-1',
  kind: 'secondary',
  state: 'AVAILABLE',
  vpcId: 'vpc-2kx9z6h3',
  subnetId: 'subnet-9bn8gu2k',
  mac: '20:90:6f:f5:34:c7',
  addresses: [
    { ip: '192.168.0.13', primary: true, settled: true },
    { ip: '192.168.0.14', primary: false, settled: true },
    { ip: '192.168.0.15', primary: false, settled: false },
  ],
  securityGroups: ['sg-ijato2x1', 'sg-aa3hk2w9'],
  attachment: { instanceId: 'ins-r8hr2upy', deviceIndex: 1 },
  tags: [{ key: 'owner', value: 'cluster-a' }],
};
const created = {
  eniId: 'eni-f1xjkw1b',
  kind: 'secondary',
  state: 'PENDING',
  securityGroups: [],
  tags: [],
  addresses: [{ ip: '192.168.0.13', primary: true, settled: false }],
};

interface Example {
  readonly call: (cloud: VpcCloud) => Promise<unknown>;
  /** Action and body, as sent. */
  readonly sends: readonly [string, object];
  readonly answer: object;
  readonly gives: unknown;
  /** Default that of vpc and cvm. */
  readonly version?: string;
}

const examples: Readonly<Record<keyof VpcCloud | `${keyof VpcCloud}: ${string}`, Example>> = {
  createEni: {
    call: (it) => it.createEni(newEni),
    sends: ['CreateNetworkInterface', newEniBody],
    answer: { ...accepted, NetworkInterface: bodies.createdEni },
    gives: { taskId, eni: expect.objectContaining(created) as unknown },
  },
  'createEni: a trunk': {
    call: (it) => it.createEni({ ...newEni, trunk: true }),
    sends: ['CreateNetworkInterface', { ...newEniBody, TrunkingFlag: 'Enable' }],
    answer: { ...accepted, NetworkInterface: bodies.createdEni },
    gives: expect.objectContaining({ taskId }),
  },
  'createEni: with addresses': {
    call: (it) => it.createEni({ ...newEni, secondaryAddressCount: 5 }),
    sends: ['CreateNetworkInterface', { ...newEniBody, SecondaryPrivateIpAddressCount: 5 }],
    answer: { ...accepted, NetworkInterface: bodies.createdEni },
    gives: expect.objectContaining({ taskId }),
  },
  attachEni: {
    call: (it) => it.attachEni({ eniId: 'eni-f1xjkw1b', instanceId: 'ins-r8hr2upy', clientToken: 'token-2' }),
    sends: [
      'AttachNetworkInterface',
      { NetworkInterfaceId: 'eni-f1xjkw1b', InstanceId: 'ins-r8hr2upy', ClientToken: 'token-2' },
    ],
    answer: accepted,
    gives: { taskId },
  },
  detachEni: {
    call: (it) => it.detachEni({ eniId: 'eni-f1xjkw1b', instanceId: 'ins-r8hr2upy', clientToken: 'token-3' }),
    sends: [
      'DetachNetworkInterface',
      { NetworkInterfaceId: 'eni-f1xjkw1b', InstanceId: 'ins-r8hr2upy', ClientToken: 'token-3' },
    ],
    answer: accepted,
    gives: { taskId },
  },
  deleteEni: {
    call: (it) => it.deleteEni('eni-f1xjkw1b'),
    sends: ['DeleteNetworkInterface', { NetworkInterfaceId: 'eni-f1xjkw1b' }],
    answer: accepted,
    gives: undefined,
  },
  assignAddresses: {
    call: (it) => it.assignAddresses({ eniId: 'eni-f1xjkw1b', count: 2, clientToken: 'token-4' }),
    sends: [
      'AssignPrivateIpAddresses',
      { NetworkInterfaceId: 'eni-f1xjkw1b', SecondaryPrivateIpAddressCount: 2, ClientToken: 'token-4' },
    ],
    answer: {
      ...accepted,
      PrivateIpAddressSet: [bodies.pendingAddress('192.168.0.21'), bodies.pendingAddress('192.168.0.22')],
    },
    gives: { taskId, addresses: ['192.168.0.21', '192.168.0.22'] },
  },
  unassignAddresses: {
    call: (it) => it.unassignAddresses({ eniId: 'eni-f1xjkw1b', addresses: ['192.168.0.21'] }),
    sends: [
      'UnassignPrivateIpAddresses',
      { NetworkInterfaceId: 'eni-f1xjkw1b', PrivateIpAddresses: [{ PrivateIpAddress: '192.168.0.21' }] },
    ],
    answer: accepted,
    gives: { taskId },
  },
  associateSecurityGroups: {
    call: (it) => it.associateSecurityGroups({ eniIds: ['eni-f1xjkw1b'], securityGroupIds: ['sg-ijato2x1'] }),
    sends: [
      'AssociateNetworkInterfaceSecurityGroups',
      { NetworkInterfaceIds: ['eni-f1xjkw1b'], SecurityGroupIds: ['sg-ijato2x1'] },
    ],
    answer: accepted,
    gives: undefined,
  },
  disassociateSecurityGroups: {
    call: (it) => it.disassociateSecurityGroups({ eniIds: ['eni-f1xjkw1b'], securityGroupIds: ['sg-ijato2x1'] }),
    sends: [
      'DisassociateNetworkInterfaceSecurityGroups',
      { NetworkInterfaceIds: ['eni-f1xjkw1b'], SecurityGroupIds: ['sg-ijato2x1'] },
    ],
    answer: accepted,
    gives: undefined,
  },
  replaceSecurityGroups: {
    call: (it) => it.replaceSecurityGroups({ eniId: 'eni-f1xjkw1b', securityGroupIds: ['sg-aa3hk2w9'] }),
    sends: [
      'ModifyNetworkInterfaceAttribute',
      { NetworkInterfaceId: 'eni-f1xjkw1b', SecurityGroupIds: ['sg-aa3hk2w9'] },
    ],
    answer: accepted,
    gives: undefined,
  },
  createSubEni: {
    call: (it) => it.createSubEni({ ...newEni, trunkEniId: 'eni-f1xjkw1b' }),
    sends: ['CreateSubNetworkInterface', { ...newEniBody, TrunkNetworkInterfaceId: 'eni-f1xjkw1b' }],
    answer: { ...accepted, NetworkInterface: bodies.createdSubEni },
    gives: {
      taskId,
      eni: expect.objectContaining({
        eniId: 'eni-5k56k7k7',
        kind: 'sub',
        vlanId: 101,
        trunkEniId: 'eni-f1xjkw1b',
      }) as unknown,
    },
  },
  deleteSubEni: {
    call: (it) => it.deleteSubEni('eni-5k56k7k7'),
    sends: ['DeleteSubNetworkInterface', { NetworkInterfaceId: 'eni-5k56k7k7' }],
    answer: accepted,
    gives: undefined,
  },
  checkSecurityGroupReady: {
    call: (it) => it.checkSecurityGroupReady(['eni-5k56k7k7']),
    sends: ['CheckNetworkInterfaceSecurityGroupReady', { NetworkInterfaceIds: ['eni-5k56k7k7'] }],
    answer: { ...accepted, SecurityGroupReadySet: [{ NetworkInterfaceId: 'eni-5k56k7k7', Ready: true }] },
    gives: new Map([['eni-5k56k7k7', true]]),
  },
  describeEnis: {
    call: (it) =>
      it.describeEnis({
        vpcId: 'vpc-2kx9z6h3',
        instanceId: 'ins-r8hr2upy',
        kind: 'secondary',
        name: 'node-a-1',
        tags: [{ key: 'owner', value: 'cluster-a' }],
      }),
    sends: [
      'DescribeNetworkInterfaces',
      {
        Filters: [
          { Name: 'attachment.instance-id', Values: ['ins-r8hr2upy'] },
          { Name: 'vpc-id', Values: ['vpc-2kx9z6h3'] },
          { Name: 'network-interface-name', Values: ['node-a-1'] },
          { Name: 'tag:owner', Values: ['cluster-a'] },
          { Name: 'eni-type', Values: ['0'] },
        ],
        Offset: 0,
        Limit: 100,
      },
    ],
    answer: page('NetworkInterfaceSet', [bodies.attachedEni]),
    gives: [attached],
  },
  'describeEnis: one by id': {
    call: (it) => it.describeEnis({ eniIds: ['eni-3o9cksfw'] }),
    sends: ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['eni-3o9cksfw'], Offset: 0, Limit: 100 }],
    answer: page('NetworkInterfaceSet', [bodies.primaryEni]),
    gives: [
      expect.objectContaining({
        kind: 'primary',
        securityGroups: [],
        attachment: { instanceId: 'ins-r8hr2upy', deviceIndex: 0 },
      }),
    ],
  },
  'describeEnis: none': {
    call: (it) => it.describeEnis({ kind: 'sub' }),
    sends: ['DescribeNetworkInterfaces', { Filters: [{ Name: 'eni-type', Values: ['2'] }], Offset: 0, Limit: 100 }],
    answer: page('NetworkInterfaceSet', null),
    gives: [],
  },
  describeEniLimits: {
    call: (it) => it.describeEniLimits('ins-r8hr2upy'),
    sends: ['DescribeNetworkInterfaceLimit', { InstanceId: 'ins-r8hr2upy' }],
    answer: {
      ...accepted,
      EniQuantity: 4,
      EniPrivateIpAddressQuantity: 10,
      ExtendEniQuantity: 0,
      ExtendEniPrivateIpAddressQuantity: 0,
      SubEniQuantity: 100,
      SubEniPrivateIpAddressQuantity: 1,
    },
    gives: { eniQuantity: 4, eniPrivateIpQuantity: 10, subEniQuantity: 100, extendEniQuantity: 0 },
  },
  describeSubnets: {
    call: (it) => it.describeSubnets(['subnet-9bn8gu2k', 'subnet-00000000']),
    // Offset and Limit are strings here (facts, section 1.11).
    sends: [
      'DescribeSubnets',
      {
        Filters: [{ Name: 'subnet-id', Values: ['subnet-9bn8gu2k', 'subnet-00000000'] }],
        Offset: '0',
        Limit: '100',
      },
    ],
    answer: { ...page('SubnetSet', [bodies.subnet]), NextToken: '' },
    gives: [
      {
        subnetId: 'subnet-9bn8gu2k',
        vpcId: 'vpc-2kx9z6h3',
        zone: 'ap-guangzhou-2',
        cidr: '192.168.0.0/24',
        availableIpCount: 250,
      },
    ],
  },
  describeSecurityGroups: {
    call: (it) => it.describeSecurityGroups(['sg-ijato2x1']),
    sends: ['DescribeSecurityGroups', { SecurityGroupIds: ['sg-ijato2x1'], Offset: '0', Limit: '100' }],
    answer: page('SecurityGroupSet', [bodies.securityGroup]),
    gives: [{ securityGroupId: 'sg-ijato2x1', name: 'my-pod-security-group', projectId: '0' }],
  },
  describeSecurityGroupPolicies: {
    call: (it) => it.describeSecurityGroupPolicies('sg-ijato2x1'),
    sends: ['DescribeSecurityGroupPolicies', { SecurityGroupId: 'sg-ijato2x1' }],
    answer: { SecurityGroupPolicySet: { Version: '3', Ingress: [{ PolicyIndex: 0, Action: 'ACCEPT' }], Egress: [] } },
    gives: { Version: '3', Ingress: [{ PolicyIndex: 0, Action: 'ACCEPT' }], Egress: [] },
  },
  // GUESS, as all of cam: in no document.
  listRolePolicies: {
    call: (it) => it.listRolePolicies('TKE_QCSRole'),
    sends: ['ListAttachedRolePolicies', { RoleName: 'TKE_QCSRole', Page: 1, Rp: 200 }],
    answer: {
      ...accepted,
      TotalNum: 1,
      List: [{ PolicyId: 200_001, PolicyName: 'SubENIForIPAMD', PolicyType: 'User' }],
    },
    gives: ['SubENIForIPAMD'],
    version: '2019-01-16',
  },
  describeInstances: {
    call: (it) => it.describeInstances({ privateIps: ['192.168.0.2'] }),
    sends: [
      'DescribeInstances',
      { Filters: [{ Name: 'private-ip-address', Values: ['192.168.0.2'] }], Offset: 0, Limit: 100 },
    ],
    answer: page('InstanceSet', [bodies.instance]),
    gives: [
      {
        instanceId: 'ins-r8hr2upy',
        instanceType: 'SA5.LARGE8',
        cpu: 4,
        zone: 'ap-guangzhou-2',
        state: 'RUNNING',
        vpcId: 'vpc-2kx9z6h3',
        subnetId: 'subnet-9bn8gu2k',
        privateIps: ['192.168.0.2'],
        securityGroups: ['sg-ijato2x1'],
      },
    ],
  },
  describeTask: {
    call: (it) => it.describeTask(taskId),
    sends: ['DescribeVpcTaskResult', { TaskId: taskId }],
    answer: { ...accepted, Status: 'FAILED', Output: 'no resource', Result: [] },
    gives: 'FAILED',
  },
  allocateEip: {
    call: (it) =>
      it.allocateEip({
        attributes: { InternetServiceProvider: 'BGP', InternetMaxBandwidthOut: 100 },
        name: 'tke-eip-1',
        tags: [{ key: 'owner', value: 'cluster-a' }],
        clientToken: 'token-1',
      }),
    sends: [
      'AllocateAddresses',
      {
        AddressCount: 1,
        InternetServiceProvider: 'BGP',
        InternetMaxBandwidthOut: 100,
        AddressName: 'tke-eip-1',
        Tags: [{ Key: 'owner', Value: 'cluster-a' }],
        ClientToken: 'token-1',
      },
    ],
    answer: { ...accepted, AddressSet: ['eip-7dpl4we2'], TaskId: '31526' },
    gives: { eipId: 'eip-7dpl4we2', taskId: '31526' },
  },
  associateEip: {
    call: (it) => it.associateEip({ eipId: 'eip-7dpl4we2', eniId: 'eni-f1xjkw1b', privateIp: '192.168.0.14' }),
    sends: [
      'AssociateAddress',
      { AddressId: 'eip-7dpl4we2', NetworkInterfaceId: 'eni-f1xjkw1b', PrivateIpAddress: '192.168.0.14' },
    ],
    answer: { ...accepted, TaskId: '31527' },
    gives: { taskId: '31527' },
  },
  disassociateEip: {
    call: (it) => it.disassociateEip('eip-7dpl4we2'),
    sends: ['DisassociateAddress', { AddressId: 'eip-7dpl4we2' }],
    answer: { ...accepted, TaskId: '31528' },
    gives: { taskId: '31528' },
  },
  releaseEip: {
    call: (it) => it.releaseEip('eip-7dpl4we2'),
    sends: ['ReleaseAddresses', { AddressIds: ['eip-7dpl4we2'] }],
    answer: { ...accepted, TaskId: '31529' },
    gives: undefined,
  },
  modifyEipBandwidth: {
    call: (it) => it.modifyEipBandwidth({ eipId: 'eip-7dpl4we2', bandwidth: 50 }),
    sends: ['ModifyAddressesBandwidth', { AddressIds: ['eip-7dpl4we2'], InternetMaxBandwidthOut: 50 }],
    answer: { ...accepted, TaskId: '31530' },
    gives: { taskId: '31530' },
  },
  describeEips: {
    call: (it) => it.describeEips({ tags: [{ key: 'owner', value: 'cluster-a' }], addresses: ['203.0.113.20'] }),
    sends: [
      'DescribeAddresses',
      {
        Filters: [
          { Name: 'address-ip', Values: ['203.0.113.20'] },
          { Name: 'tag:owner', Values: ['cluster-a'] },
        ],
        Offset: 0,
        Limit: 100,
      },
    ],
    answer: page('AddressSet', [bodies.boundEip]),
    gives: [
      {
        eipId: 'eip-7dpl4we2',
        name: 'tke-eip-1',
        ip: '203.0.113.20',
        status: 'BIND',
        binding: { eniId: 'eni-f1xjkw1b', privateIp: '192.168.0.14', instanceId: 'ins-r8hr2upy' },
        bandwidth: 100,
        isp: 'BGP',
        chargeType: 'TRAFFIC_POSTPAID_BY_HOUR',
        blocked: false,
        tags: [{ key: 'owner', value: 'cluster-a' }],
        createdAt: '2024-05-21T01:17:36Z',
      },
    ],
  },
  'describeEips: one by id, as it is being bought': {
    call: (it) => it.describeEips({ eipIds: ['eip-7dpl4we2', 'malformed'] }),
    sends: ['DescribeAddresses', { AddressIds: ['eip-7dpl4we2'], Offset: 0, Limit: 100 }],
    answer: page('AddressSet', [bodies.newEip]),
    gives: [
      {
        eipId: 'eip-7dpl4we2',
        name: 'tke-eip-1',
        ip: '',
        status: 'CREATING',
        isp: 'BGP',
        blocked: false,
        tags: [{ key: 'owner', value: 'cluster-a' }],
        createdAt: '2024-05-21T01:17:36Z',
      },
    ],
  },
  describeEipQuotas: {
    call: (it) => it.describeEipQuotas(),
    sends: ['DescribeAddressQuota', {}],
    answer: {
      ...accepted,
      QuotaSet: [
        { QuotaId: 'TOTAL_EIP_QUOTA', QuotaCurrent: 4, QuotaLimit: 20, QuotaGroup: '' },
        { QuotaId: 'DAILY_EIP_APPLY', QuotaCurrent: 5, QuotaLimit: 40, QuotaGroup: '' },
        { QuotaId: 'DAILY_PUBLIC_IP_ASSIGN', QuotaCurrent: 0, QuotaLimit: 10, QuotaGroup: '' },
      ],
    },
    gives: { total: { used: 4, limit: 20 }, daily: { used: 5, limit: 40 } },
  },
};

describe('the documented example of', () => {
  test.each(Object.entries(examples))('%s', async (_name, { call, sends, answer, gives, version = '2017-03-12' }) => {
    answers = [answer];
    expect(await call(cloud)).toEqual(gives);
    const [action, body] = sends;
    expect(server.requests.map((request) => [request.headers['x-tc-action'], JSON.parse(request.body)])).toEqual([
      [action, body],
    ]);
    expect(server.requests[0]?.headers).toMatchObject({
      'x-tc-version': version,
      'x-tc-region': 'ap-guangzhou',
      'content-type': 'application/json',
    });
  });
});

describe('a documented answer', () => {
  const refused = (Code: string): object => ({
    Error: { Code, Message: 'text that nobody matches' },
    RequestId: taskId,
  });

  test('that refuses an unknown task is UNKNOWN', async () => {
    answers = [refused('ResourceNotFound')];
    expect(await cloud.describeTask('none')).toBe('UNKNOWN');
  });

  test('that refuses to delete what is gone is success', async () => {
    answers = [refused('ResourceNotFound')];
    expect(await cloud.deleteEni('eni-f1xjkw1b')).toBeUndefined();
  });

  test('with fields that are not documented yet is understood', async () => {
    answers = [page('NetworkInterfaceSet', [{ ...bodies.attachedEni, SubNetworkInterfaces: [], Later: { A: 1 } }])];
    expect(await cloud.describeEnis({ kind: 'secondary' })).toEqual([attached]);
  });

  test.each([
    ['the list', { ...accepted, TotalCount: 1 }],
    ['the total', { ...accepted, NetworkInterfaceSet: [bodies.attachedEni] }],
    ['an id', page('NetworkInterfaceSet', [{ ...bodies.attachedEni, NetworkInterfaceId: undefined }])],
  ])('that lacks %s is an error, never an empty listing', async (_what, answer) => {
    answers = [answer];
    await expect(cloud.describeEnis({ kind: 'secondary' })).rejects.toMatchObject({ code: 'CLOUD-BAD-ANSWER' });
  });

  test('of a page that ends before its total is read again', async () => {
    answers = [page('NetworkInterfaceSet', [], 1), page('NetworkInterfaceSet', [bodies.attachedEni])];
    expect(await cloud.describeEnis({ kind: 'secondary' })).toEqual([attached]);
  });
});
