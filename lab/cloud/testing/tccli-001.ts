// The bodies that tccli sends for the lines of document 001 (facts, section 6), signed and written as tccli does.
import { z } from 'zod';

import type { TestAccount } from './account.ts';
import { sendRaw } from './raw-request.ts';

/** As the document writes it: a cluster id that has not the usual form. */
export const CLUSTER = 'my-cluster';
export const CLUSTER_GROUP = 'sg-clustr01';

/** The `Response`, an error included. */
export async function tccli(
  account: TestAccount,
  service: 'vpc' | 'tke',
  action: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const version = service === 'tke' ? '2018-05-25' : '2017-03-12';
  return (await sendRaw(account, { action, version, body })).body.Response;
}

/** One rule for port 53 of `group`, from `peer`. */
export const ruleBody = (group: string, peer: string, protocol: string): object => ({
  SecurityGroupId: group,
  SecurityGroupPolicySet: {
    Ingress: [{ Protocol: protocol, Port: '53', SecurityGroupId: peer, Action: 'ACCEPT' }],
  },
});

/** CreateSecurityGroupPolicies or DeleteSecurityGroupPolicies. */
export const changeRules = (account: TestAccount, verb: 'Create' | 'Delete', body: object) =>
  tccli(account, 'vpc', `${verb}SecurityGroupPolicies`, body);

/** Ids of the groups that the filter security-group-name finds. */
export async function groupNamed(account: TestAccount, name: string): Promise<readonly string[]> {
  const body = { Filters: [{ Name: 'security-group-name', Values: [name] }] };
  const answer = await tccli(account, 'vpc', 'DescribeSecurityGroups', body);
  return z
    .array(z.looseObject({ SecurityGroupId: z.string() }))
    .parse(answer['SecurityGroupSet'])
    .map((group) => group.SecurityGroupId);
}
