// Lines of tccli as documents and `trace` print them.
import { describe, expect, it } from 'vitest';
import { pick, readTccliWords } from './tccli-words.ts';

const read = (line: string) => readTccliWords(line.split(' '));

describe('the words of tccli', () => {
  it.each([
    [
      'vpc CreateSecurityGroupPolicies --cli-unfold-argument --SecurityGroupId sg-1 --SecurityGroupPolicySet.Ingress.0.Protocol TCP --SecurityGroupPolicySet.Ingress.0.Port 80',
      { SecurityGroupId: 'sg-1', SecurityGroupPolicySet: { Ingress: [{ Protocol: 'TCP', Port: '80' }] } },
    ],
    [
      'vpc DescribeNetworkInterfaces --cli-unfold-argument --Filters.0.Name eni-type --Filters.0.Values 2',
      { Filters: [{ Name: 'eni-type', Values: ['2'] }] },
    ],
    ['cvm DescribeInstances --InstanceIds ["ins-1","ins-2"]', { InstanceIds: ['ins-1', 'ins-2'] }],
    ['tke DescribeClusters --ClusterIds cls-1 --endpoint http://127.0.0.1:1 --region r', { ClusterIds: ['cls-1'] }],
    ['vpc X --PrivateIpAddresses.0 10.0.9.9 --VpcId vpc-1', { PrivateIpAddresses: ['10.0.9.9'], VpcId: 'vpc-1' }],
    ['cam CreatePolicy --PolicyDocument {"version":"2.0"}', { PolicyDocument: '{"version":"2.0"}' }],
    ['vpc X --SubnetIds subnet-1 subnet-2', { SubnetIds: ['subnet-1', 'subnet-2'] }],
  ])('%s', (line, body) => {
    expect(read(line)).toMatchObject({ body, filter: undefined });
  });

  it('say with --filter which part of the answer is wanted', () => {
    const { filter = '' } = read('vpc DescribeSecurityGroups --filter SecurityGroupSet[0].SecurityGroupId');
    expect(pick({ SecurityGroupSet: [{ SecurityGroupId: 'sg-1' }] }, filter)).toBe('sg-1');
    expect(pick({}, filter)).toBe(null);
  });

  it.each([
    ['vpc', 'expected SERVICE ACTION and options'],
    ['vpc --VpcId x', 'expected SERVICE ACTION and options'],
    ['vpc X sg-1', 'unexpected word "sg-1"'],
    ['vpc X --VpcId --SubnetId s', '--VpcId has no value'],
    ['vpc X --Ids [1', '--Ids: [1 is not JSON'],
  ])('that nobody understands are told: %s', (line, problem) => {
    expect(() => read(line)).toThrow(problem);
  });
});
