import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { systemClock } from '../../../src/base/clock.ts';
import {
  eniRequest,
  GROUP_ID,
  INSTANCE_ID,
  listEnis,
  openAccount,
  TASK_MS,
  type TestAccount,
} from '../testing/account.ts';
import { type ControlServer, serveControl } from './control-server.ts';

let account: TestAccount;
let control: ControlServer;
beforeEach(async () => {
  account = await openAccount();
  control = await serveControl({
    cloud: account.cloud,
    clock: account.clock,
    listen: { host: '127.0.0.1', port: 0 },
  });
});
afterEach(async () => {
  await control.close();
  await account.close();
});

async function ask(path: string, body?: unknown, token = control.token): Promise<{ status: number; text: string }> {
  const response = await fetch(`${control.url}/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
const parsed = async (path: string): Promise<unknown> => JSON.parse((await ask(path)).text) as unknown;

describe('the admin endpoint', () => {
  test.each(['calls', 'metrics', 'audit', 'faults', 'clock', 'save'])(
    'shows nothing of %s without its token',
    async (path) => {
      expect(await ask(path, undefined, 'wrong')).toMatchObject({ status: 401 });
    },
  );

  test('takes a fault', async () => {
    const fault = { fault: 'error', action: 'DescribeVpcs', code: 'InternalError' };
    expect(await ask('faults', fault)).toMatchObject({ status: 200 });
    expect(await account.refusal('vpc', 'DescribeVpcs')).toBe('InternalError');
  });

  test.each([
    ['{', 400, 'not JSON'],
    [{ fault: 'error', action: 'DescribeVpcs' }, 400, 'code'],
    [{ fault: 'delay', action: 'DescribeVpc', ms: 5 }, 400, 'an action that the simulator serves'],
    [{ fault: 'delete-eni', eniId: 'eni-nothere1' }, 409, 'ResourceNotFound'],
  ])('refuses the fault %j and says why', async (body, status, reason) => {
    const answer = await ask('faults', body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(reason);
  });

  test('changes the rules of a group by hand, all of them or none', async () => {
    const command = { fault: 'set-group-rules', securityGroupId: GROUP_ID };
    const rule = { Protocol: 'TCP', Port: 80, CidrBlock: '10.0.0.0/8', Action: 'ACCEPT' };
    expect(await ask('faults', { ...command, ingress: [rule] })).toMatchObject({ status: 200 });
    const lost = { ...rule, CidrBlock: undefined, SecurityGroupId: 'sg-absent01' };
    expect(await ask('faults', { ...command, egress: [lost] })).toMatchObject({ status: 409 });
    const body = { SecurityGroupId: GROUP_ID };
    expect(await account.call('vpc', 'DescribeSecurityGroupPolicies', body)).toMatchObject({
      SecurityGroupPolicySet: { Version: '1', Ingress: [{ Protocol: 'TCP', Port: '80' }], Egress: [] },
    });
  });

  test('puts an EIP in arrears', async () => {
    const { AddressSet } = await account.call('vpc', 'AllocateAddresses');
    await account.clock.advance(TASK_MS);
    const [addressId] = AddressSet as string[];
    expect(await ask('faults', { fault: 'set-eip', addressId, arrears: true })).toMatchObject({ status: 200 });
    expect(await account.refusal('vpc', 'AssociateAddress', { AddressId: addressId, InstanceId: INSTANCE_ID })).toBe(
      'OperationDenied.AddressInArrears',
    );
  });

  test('counts calls by action, caller and outcome, as JSON and for Prometheus', async () => {
    await account.call('vpc', 'DescribeVpcs');
    await account.call('vpc', 'DescribeVpcs');
    await account.refusal('vpc', 'DescribeVpcs', { Limit: '0' });
    expect(await parsed('calls')).toEqual([
      { action: 'DescribeVpcs', caller: 'root', outcome: 'InvalidParameterValue.Range', count: 1 },
      { action: 'DescribeVpcs', caller: 'root', outcome: 'ok', count: 2 },
    ]);
    expect((await ask('metrics')).text).toContain(
      'trunkline_cloud_calls_total{action="DescribeVpcs",caller="root",outcome="ok"} 2\n',
    );
  });

  test('finds calls by action, resource, time and outcome', async () => {
    await account.call('cvm', 'DescribeInstances', { InstanceIds: [INSTANCE_ID] });
    await account.clock.advance(1000);
    await account.call('cvm', 'DescribeInstances');
    await account.refusal('vpc', 'DescribeNothing');
    const counts = await Promise.all(
      [
        `resource=${INSTANCE_ID}`,
        'since=1000',
        'outcome=InvalidAction',
        'action=DescribeInstances',
        'action=DescribeInstances&since=1000',
      ].map(async (query) => ((await parsed(`audit?${query}`)) as unknown[]).length),
    );
    expect(counts).toEqual([1, 2, 1, 2, 1]);
    expect(await ask('audit?sinse=5')).toMatchObject({ status: 400 });
  });

  test('moves a manual clock and answers when all that fell due is done', async () => {
    await account.call('vpc', 'CreateNetworkInterface', eniRequest);
    const before = await parsed('clock');
    const moved = await ask('clock', { advanceSeconds: TASK_MS / 1000 });
    expect(before).toMatchObject({ monotonicMs: 0, manual: true });
    expect(JSON.parse(moved.text)).toEqual({
      now: account.clock.now().toISOString(),
      monotonicMs: TASK_MS,
      manual: true,
    });
    expect(await listEnis(account, {})).toContainEqual(expect.objectContaining({ State: 'AVAILABLE', EniType: 0 }));
  });

  test.each([{}, { advanceSeconds: -1 }, { advanceSeconds: '1' }, { advanceSeconds: 1, unit: 's' }])(
    'does not move the clock by %j',
    async (body) => {
      expect(await ask('clock', body)).toMatchObject({ status: 400 });
      expect(account.clock.monotonicMs()).toBe(0);
    },
  );

  test('does not move a clock that moves by itself', async () => {
    const real = await serveControl({
      cloud: account.cloud,
      clock: systemClock,
      listen: { host: '127.0.0.1', port: 0 },
    });
    const response = await fetch(`${real.url}/clock`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${real.token}` },
      body: '{"advanceSeconds":1}',
    });
    await real.close();
    expect([response.status, await response.text()]).toEqual([409, expect.stringContaining('--manual-clock')]);
  });

  test('answers the saved account, and saves it when it was told where', async () => {
    const refused = await ask('save', '');
    expect(refused).toMatchObject({ status: 409, text: expect.stringContaining('--save FILE') as string });
    expect((await ask('save')).text).toBe(account.cloud.save());
    let saves = 0;
    const saving = await serveControl({
      cloud: account.cloud,
      clock: account.clock,
      listen: { host: '127.0.0.1', port: 0 },
      saveTo: { file: 'cloud.json', save: async () => void (saves += 1) },
    });
    const headers = { Authorization: `Bearer ${saving.token}` };
    const answer = await (await fetch(`${saving.url}/save`, { method: 'POST', headers })).json();
    await saving.close();
    expect([answer, saves]).toEqual([{ file: 'cloud.json' }, 1]);
  });

  test('says what there is to an unknown path', async () => {
    const answer = await ask('nothing');
    expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('audit')]);
  });
});
