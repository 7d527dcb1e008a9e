import { createHash } from 'node:crypto';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openWorld, type RandomWorld } from '../testing/random-world.ts';
import { readSaved } from './saved-text.ts';

let world: RandomWorld;
let text: string;
beforeAll(async () => {
  world = await openWorld({ seed: 1 });
  await world.ask('vpc', 'CreateSubNetworkInterface', {
    VpcId: 'vpc-random01',
    SubnetId: 'subnet-random01',
    TrunkNetworkInterfaceId: world.known.byKind.get('trunk')?.[0],
    SecurityGroupIds: ['sg-random01'],
  });
  await world.ask('vpc', 'AllocateAddresses');
  await world.clock.advance(1000);
  const addressId = /eip-[0-9a-z]{8}/.exec((await world.ask('vpc', 'DescribeAddresses')).text)?.[0];
  await world.ask('vpc', 'AssociateAddress', { AddressId: addressId, InstanceId: 'ins-random01' });
  text = world.cloud.save();
});
afterAll(() => world.close());

/** The text with its content changed and a checksum that fits again. */
function changed(change: (from: string) => string): string {
  const outer = JSON.parse(text) as { readonly content: unknown };
  const content = JSON.parse(change(JSON.stringify(outer.content))) as unknown;
  const sha256 = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return JSON.stringify({ ...outer, sha256, content });
}
const replaced = (from: string, to: string): string => {
  const after = changed((content) => content.replace(from, to));
  if (after === changed((content) => content)) throw new Error(`nothing says ${from}`);
  return after;
};

test('a saved cloud is read', () => {
  expect(readSaved(text, 'f').accounts[0].uin).toBe('100000000001');
});

test('a change of the content that keeps the checksum right and the references whole is taken', () => {
  expect(readSaved(replaced('"name":"random"', '"name":"other"'), 'f').accounts[0].vpcs[0]?.name).toBe('other');
});

test.each([
  ['an empty file', () => '', /^f: not a whole saved cloud, the JSON breaks off or is damaged: /],
  ['half of it', () => text.slice(0, text.length / 2), /^f: not a whole saved cloud, /],
  ['other JSON', () => '{"format":"something"}', /^f: not a saved cloud: expected "format": "trunkline-cloud"/],
  ['a list', () => '[]', /^f: not a saved cloud/],
  [
    'a later version',
    () => text.replace('"version":1', '"version":2'),
    /^f: written in version 2 of the format; this simulator reads version 1$/,
  ],
  [
    'a changed letter',
    () => text.replace('"name":"random"', '"name":"randon"'),
    /^f: its checksum does not fit its content/,
  ],
  ['a further key', () => replaced('"seed":1,', '"seed":1,"sed":2,'), /^f: content\.: .*sed/],
  [
    'a value of another kind',
    () => replaced('"isDefault":false', '"isDefault":0'),
    /^f: content\.accounts\.0\.vpcs\.0\.isDefault: /,
  ],
  [
    'a setting that is none',
    () => replaced('"vpcQuota":3', '"vpcQuotta":3'),
    /^f: content\.accounts\.0\.settings: .*vpcQuotta/,
  ],
])('%s is refused by name', (_what, make, message) => {
  expect(() => readSaved(make(), 'f')).toThrow(message);
});

test.each([
  [
    'a subnet without its VPC',
    '"vpcId":"vpc-random01","name":""',
    '"vpcId":"vpc-nobody01","name":""',
    'subnets.0.vpcId',
  ],
  [
    'an ENI of a group that is not there',
    '"securityGroupIds":["sg-random01"]',
    '"securityGroupIds":["sg-nobody01"]',
    'enis.1.securityGroupIds',
  ],
  [
    'an ENI on an instance that is not there',
    '"attachment":{"instanceId":"ins-random01"',
    '"attachment":{"instanceId":"ins-nobody01"',
    'enis.0.attachment.instanceId',
  ],
  ['a sub-ENI without its trunk', '"trunkEniId":"eni-', '"trunkEniId":"enx-', 'enis.3.trunkEniId'],
  ['an address that two ENIs have', '"ip":"10.0.128.3"', '"ip":"10.0.128.2"', 'enis.1.addresses'],
  ['an address that its subnet does not hold', '"used":["10.0.128.2",', '"used":[', 'enis.0.addresses'],
  ['a VLAN id that its trunk does not know', '"vlanId":1', '"vlanId":2', 'enis.3.vlanId'],
  [
    'a rule that names a group that is not there',
    '"securityGroupId":"sg-random01","addressId"',
    '"securityGroupId":"sg-nobody01","addressId"',
    'securityGroups.1.ingress.0.securityGroupId',
  ],
  [
    'a cluster without its VPC',
    '"clusterId":"cls-random01","name":"random","vpcId":"vpc-random01"',
    '"clusterId":"cls-random01","name":"random","vpcId":"vpc-nobody01"',
    'clusters.0.vpcId',
  ],
  [
    'an EIP on an address that is not there',
    '"privateIp":"10.0.128.2"}',
    '"privateIp":"10.0.128.9"}',
    'eips.0.binding',
  ],
  ['a task that is said to have ended', '"RUNNING"', '"SUCCESS"', 'tasks.statuses'],
  [
    'an id that is there twice',
    '"securityGroupId":"sg-random02","name"',
    '"securityGroupId":"sg-random01","name"',
    'securityGroups.1.securityGroupId',
  ],
  [
    'a key of another account',
    '"caller":{"kind":"root","uin":"100000000001"}',
    '"caller":{"kind":"root","uin":"100000000002"}',
    'keys.0.caller.uin',
  ],
])('%s is refused, with its place', (_what, from, to, place) => {
  expect(() => readSaved(replaced(from, to), 'f')).toThrow(`f: content.accounts.0.${place}: `);
});

test.each([
  [
    'a task of an unknown kind',
    '"kind":"eip-binding"',
    '"kind":"eip-blinding"',
    /is of kind eip-blinding; known: eni-/,
  ],
  ['a task with other data', '"data":{"addressId"', '"data":{"adressId"', /eip-binding: addressId: /],
  ['an address outside its subnet', '"10.0.128.2",', '"10.0.128.2","10.9.9.9",', /10\.9\.9\.9 cannot be held: outside/],
])('%s is refused before anything listens', async (_what, from, to, message) => {
  const opening = openWorld({ seed: 1, load: readSaved(replaced(from, to), 'f') });
  await expect(opening).rejects.toThrow(/^the saved account 100000000001 cannot go on: /);
  await expect(opening).rejects.toThrow(message);
});
