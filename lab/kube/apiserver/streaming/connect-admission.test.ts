// Policies about connections to Pods; webhooks about them are with the other webhooks.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import { paths } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

const GROUP = 'admissionregistration.k8s.io/v1';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(async () => await t.close());

const create = async (plural: string, kind: string, spec: JsonObject): Promise<number> => {
  const body = { apiVersion: GROUP, kind, metadata: { name: 'no-removal' }, spec };
  return (await t.call('POST', `/apis/${GROUP}/${plural}`, body)).code;
};
const exec = async (command: string): Promise<readonly [number, unknown]> => {
  const { code, body } = await t.call('GET', `${paths.pods}/ghost/exec?command=${command}&stdout=1`);
  return [code, body['message']];
};

it('refuses a command that a policy denies, before the Pod is looked for, and no other', async () => {
  const rule = { operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/exec'] };
  const validations = [{ expression: "object.command[0] != 'rm'", message: 'nothing is removed here' }];
  const policy = { matchConstraints: { resourceRules: [rule] }, validations };
  expect(await create('validatingadmissionpolicies', 'ValidatingAdmissionPolicy', policy)).toBe(201);
  const binding = { policyName: 'no-removal', validationActions: ['Deny'] };
  expect(await create('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', binding)).toBe(201);
  expect(await exec('rm')).toEqual([422, expect.stringContaining('nothing is removed here')]);
  expect(await exec('ls')).toEqual([404, 'pods "ghost" not found']);
});
