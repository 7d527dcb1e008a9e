// The project's own definitions, served: their short names, and what `kubectl get` prints of them.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isObject, objectsAt, stringAt, stringsAt } from '../json.ts';
import { paths } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

const folder = join(import.meta.dirname, '../../../../deploy/crds');
const wide = 'application/json;as=Table;v=v1;g=meta.k8s.io';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
  for (const file of await readdir(folder)) {
    const document: unknown = parse(await readFile(join(folder, file), 'utf8'));
    if (!isObject(document) || document['kind'] !== 'CustomResourceDefinition') continue;
    const { code, text } = await t.call('POST', `${paths.definitions}?fieldValidation=Strict`, document);
    expect(code, text).toBe(201);
  }
});
afterAll(() => t.close());

const networking = '/apis/networking.tke.cloud.tencent.com/v1';

it.each([
  [`${networking}/nodeeniconfigs`, 'nec', 'Name Instance Model Sub-ENIs Eni-IPs Bound Security-Group-Ids *Zone Age'],
  [`${networking}/vpcenis`, 'veni', 'Name Type Node Pod Phase ENI IP Security-Group-Ids *Namespace Age'],
  [`${networking}/vpcips`, 'vip', 'Name Type Phase Node ENI Claim Age'],
  [`${networking}/vpcipclaims`, 'vipc', 'Name Phase IP Node Delete-Policy *Release-At Age'],
  [
    `${networking}/eipclaims`,
    'eipc',
    'Name Phase EIP EIP-ID IP Node Unbound-Since Delete-Policy *Bound *Release-At Age',
  ],
  [
    '/apis/vpcresources.tke.cloud.tencent.com/v1beta1/securitygrouppolicies',
    'sgp',
    'Name Groups Matched Programmed Drifted Failed *Missed *Ready *Reason Age',
  ],
])('%s is %s and prints %s', async (path, shortName, columns) => {
  const [, group = '', plural = ''] = /^(.*)\/(\w+)$/.exec(path) ?? [];
  const discovery = (await t.call('GET', group)).body;
  const resource = objectsAt(discovery, 'resources').find((entry) => entry['name'] === plural);
  expect(stringsAt(resource, 'shortNames')).toContain(shortName);
  const { body } = await t.call('GET', path, undefined, { headers: { accept: wide } });
  const shown = objectsAt(body, 'columnDefinitions').map(
    (column) => `${column['priority'] === 1 ? '*' : ''}${stringAt(column, 'name') ?? ''}`,
  );
  expect(shown.join(' ')).toBe(columns);
});

it('security groups of a policy are printed as a list, and what its status does not say yet is left empty', async () => {
  const path = '/apis/vpcresources.tke.cloud.tencent.com/v1beta1/namespaces/default/securitygrouppolicies';
  const { code, text } = await t.call('POST', path, {
    apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: { name: 'p' },
    spec: { podSelector: { matchLabels: { a: 'b' } }, securityGroups: { groupIds: ['sg-12345678', 'sg-abcdefgh'] } },
  });
  expect(code, text).toBe(201);
  const { body } = await t.call('GET', `${path}/p`, undefined, { headers: { accept: wide } });
  expect(objectsAt(body, 'rows').map((row) => row['cells'])).toEqual([
    ['p', '["sg-12345678","sg-abcdefgh"]', null, null, null, null, null, null, null, '0s'],
  ]);
});
