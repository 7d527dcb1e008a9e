import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { FabricRule } from './read-model.ts';
import { GROUP_ID, openAccount, type TestAccount } from './testing/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const call = (action: string, body: object = {}) => account.call('vpc', action, body);
const refusal = (action: string, body: object = {}) => account.refusal('vpc', action, body);
const idOf = (answer: Readonly<Record<string, unknown>>, object: string): string =>
  z.string().parse(z.record(z.string(), z.unknown()).parse(answer[object])[`${object}Id`]);
const addresses = async (...Addresses: string[]): Promise<string> =>
  idOf(await call('CreateAddressTemplate', { AddressTemplateName: 'a', Addresses }), 'AddressTemplate');
const services = async (...Services: string[]): Promise<string> =>
  idOf(await call('CreateServiceTemplate', { ServiceTemplateName: 's', Services }), 'ServiceTemplate');
const addRule = (rule: object) =>
  call('CreateSecurityGroupPolicies', {
    SecurityGroupId: GROUP_ID,
    SecurityGroupPolicySet: { Ingress: [{ Action: 'ACCEPT', ...rule }] },
  });
/** What packets obey, as `PROTOCOL/PORT PEER`. */
const inForce = (): string[] =>
  (account.cloud.snapshot().securityGroups.find((group) => group.securityGroupId === GROUP_ID)?.ingress ?? []).map(
    (rule) => `${rule.protocol}/${rule.port} ${peerText(rule.peer)}`,
  );
const peerText = (peer: FabricRule['peer']): string =>
  'cidr' in peer ? peer.cidr : peer.kind === 'group' ? peer.securityGroupId : 'any';

describe('a rule that names templates', () => {
  test('is answered with their ids and reaches the fabric as plain rules', async () => {
    const AddressId = await addresses('10.0.0.1', '10.1.0.0/16', '10.2.0.1-10.2.0.4', '2001:db8::/32');
    const ServiceId = await services('TCP:80,443', 'UDP:ALL', 'ICMP');
    await addRule({ AddressTemplate: { AddressId }, ServiceTemplate: { ServiceId } });
    expect(await call('DescribeSecurityGroupPolicies', { SecurityGroupId: GROUP_ID })).toMatchObject({
      SecurityGroupPolicySet: {
        Ingress: [
          { Protocol: '', Port: '', CidrBlock: '', AddressTemplate: { AddressId }, ServiceTemplate: { ServiceId } },
        ],
      },
    });
    const four = ['10.0.0.1/32', '10.1.0.0/16', '10.2.0.1/32', '10.2.0.2/31', '10.2.0.4/32'];
    const both = [...four, '2001:db8::/32'];
    expect(inForce()).toEqual([
      ...both.map((peer) => `TCP/80,443 ${peer}`),
      ...both.map((peer) => `UDP/ALL ${peer}`),
      ...four.map((peer) => `ICMP/ALL ${peer}`),
    ]);
  });

  test('follows a change of the template and of a template group', async () => {
    const first = await addresses('10.0.0.1');
    const second = await addresses('10.0.0.2');
    const group = await call('CreateAddressTemplateGroup', {
      AddressTemplateGroupName: 'g',
      AddressTemplateIds: [first],
    });
    const AddressGroupId = idOf(group, 'AddressTemplateGroup');
    await addRule({ AddressTemplate: { AddressGroupId }, Protocol: 'TCP', Port: '22' });
    await call('ModifyAddressTemplateGroupAttribute', {
      AddressTemplateGroupId: AddressGroupId,
      AddressTemplateIds: [first, second],
    });
    await call('ModifyAddressTemplateAttribute', { AddressTemplateId: first, Addresses: ['10.0.0.9'] });
    expect(inForce()).toEqual(['TCP/22 10.0.0.9/32', 'TCP/22 10.0.0.2/32']);
  });

  test('holds the template and the template its group', async () => {
    const ServiceId = await services('TCP:80');
    const group = await call('CreateServiceTemplateGroup', {
      ServiceTemplateGroupName: 'g',
      ServiceTemplateIds: [ServiceId],
    });
    const ServiceGroupId = idOf(group, 'ServiceTemplateGroup');
    await addRule({ ServiceTemplate: { ServiceGroupId } });
    const codes = [
      await refusal('DeleteServiceTemplate', { ServiceTemplateId: ServiceId }),
      await refusal('DeleteServiceTemplateGroup', { ServiceTemplateGroupId: ServiceGroupId }),
    ];
    account.cloud.admin.setSecurityGroupRules(GROUP_ID, {});
    codes.push(
      await refusal('DeleteServiceTemplateGroup', { ServiceTemplateGroupId: ServiceGroupId }),
      await refusal('DeleteServiceTemplate', { ServiceTemplateId: ServiceId }),
    );
    expect(codes).toEqual(['ResourceInUse', 'ResourceInUse', 'none', 'none']);
  });

  test('is refused when they do not exist, or stand beside what they replace', async () => {
    const ServiceId = await services('TCP:80');
    const rule = (parts: object) => ({
      SecurityGroupId: GROUP_ID,
      SecurityGroupPolicySet: { Ingress: [{ Action: 'DROP', ...parts }] },
    });
    const refused = [
      { AddressTemplate: { AddressId: 'ipm-absent01' } },
      { AddressTemplate: { AddressId: 'nonsense' } },
      { ServiceTemplate: { ServiceId }, Protocol: 'TCP' },
      { AddressTemplate: { AddressId: 'ipm-absent01' }, CidrBlock: '10.0.0.0/8' },
    ];
    const codes = await Promise.all(refused.map((parts) => refusal('CreateSecurityGroupPolicies', rule(parts))));
    const expected = ['ResourceNotFound', 'InvalidParameterValue.Malformed', 'InvalidParameter.Coexist'];
    expect(codes).toEqual([...expected, 'InvalidParameter.Coexist']);
  });

  test('counts once for each rule it expands to', async () => {
    await account.close();
    account = await openAccount({ settings: { expandedPolicyLimit: 2 } });
    const AddressId = await addresses('10.0.0.1', '10.0.0.2', '10.0.0.4');
    await expect(addRule({ AddressTemplate: { AddressId } })).rejects.toMatchObject({
      code: 'UnsupportedOperation.SgNumExceedLimit',
    });
  });

  test('is shown expanded, up to a minute late', async () => {
    const AddressId = await addresses('10.0.0.1', '10.0.0.2');
    const shown = async (): Promise<number> => {
      const answer = await call('DescribeSecurityGroupExpandedPolicies', { SecurityGroupId: GROUP_ID });
      return z.looseObject({ Ingress: z.array(z.unknown()) }).parse(answer['SecurityGroupPolicySet']).Ingress.length;
    };
    await addRule({ AddressTemplate: { AddressId } });
    const before = await shown();
    await call('ModifyAddressTemplateAttribute', { AddressTemplateId: AddressId, Addresses: ['10.0.0.1'] });
    const cached = await shown();
    await account.clock.advance(60_000);
    expect([before, cached, await shown()]).toEqual([2, 2, 1]);
  });
});

test.each([
  ['Address', { AddressTemplateName: 'x', Addresses: ['10.0.0.1-'] }, 'InvalidParameterValue.Malformed'],
  ['Address', { AddressTemplateName: 'x', Addresses: [] }, 'InvalidParameterValue.Empty'],
  ['Address', { AddressTemplateName: 'x', Addresses: ['10.0.0.1', '10.0.0.1'] }, 'InvalidParameterValue.Duplicate'],
  ['Service', { ServiceTemplateName: 'x', Services: ['SCTP:1'] }, 'InvalidParameterValue.Malformed'],
  ['Service', { ServiceTemplateName: 'x', Services: ['TCP:99999'] }, 'InvalidParameterValue.Range'],
  ['Service', { ServiceTemplateName: '', Services: ['ICMP'] }, 'InvalidParameterValue.Empty'],
])('a bad %s template %o is refused', async (word, body, code) => {
  expect(await refusal(`Create${word}Template`, body)).toBe(code);
});

test('templates and their entries are as many as the switches say', async () => {
  await account.close();
  account = await openAccount({ settings: { templates: 1, templateEntries: 2 } });
  const body = (...Addresses: string[]) => ({ AddressTemplateName: 'a', Addresses });
  expect(await refusal('CreateAddressTemplate', body('10.0.0.1', '10.0.0.2', '10.0.0.3'))).toBe('LimitExceeded');
  expect(await refusal('CreateAddressTemplate', body('10.0.0.1', '10.0.0.2'))).toBe('none');
  expect(await refusal('CreateAddressTemplate', body('10.0.0.1'))).toBe('LimitExceeded');
});

test('templates are found by name and id, with what their entries are for', async () => {
  const AddressesExtra = [{ Address: '10.0.0.1', Description: 'office' }];
  await call('CreateAddressTemplate', { AddressTemplateName: 'named', AddressesExtra });
  await addresses('10.0.0.2');
  const Filters = [{ Name: 'address-template-name', Values: ['named'] }];
  expect(await call('DescribeAddressTemplates', { Filters, Limit: '10', NeedMemberInfo: true })).toMatchObject({
    TotalCount: 1,
    AddressTemplateSet: [{ AddressSet: ['10.0.0.1'], AddressExtraSet: [{ Description: 'office' }] }],
  });
});
