// Creating, reading, changing and deleting objects over HTTPS.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectAt, stringAt } from './json.ts';
import { configMap, deployment, paths, pod } from './testing/objects.ts';
import type { TestApi } from './testing/test-api.ts';
import { startTestApi } from './testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

describe('create', () => {
  it('stamps identity, time and version, and answers 201', async () => {
    const { code, body } = await t.call('POST', paths.configMaps, configMap('stamped', { a: '1' }));
    expect(code).toBe(201);
    expect(body).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } });
    expect(stringAt(body, 'metadata', 'uid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(stringAt(body, 'metadata', 'creationTimestamp')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(objectAt(body, 'metadata')).toMatchObject({
      name: 'stamped',
      namespace: 'default',
      resourceVersion: expect.stringMatching(/^\d+$/),
    });
  });

  it('refuses a second object of the same name', async () => {
    await t.call('POST', paths.configMaps, configMap('twice'));
    const { code, body } = await t.call('POST', paths.configMaps, configMap('twice'));
    expect(code).toBe(409);
    expect(body).toMatchObject({
      kind: 'Status',
      reason: 'AlreadyExists',
      message: 'configmaps "twice" already exists',
    });
  });

  it('makes names from generateName that differ', async () => {
    const made = await Promise.all(
      [1, 2].map(() =>
        t.call('POST', paths.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } }),
      ),
    );
    const names = made.map(({ body }) => stringAt(body, 'metadata', 'name'));
    expect(names[0]).toMatch(/^gen-[a-z0-9]{5}$/);
    expect(new Set(names).size).toBe(2);
  });

  it('refuses an object for a Namespace that does not exist', async () => {
    const { code, body } = await t.call('POST', '/api/v1/namespaces/nowhere/configmaps', configMap('x'));
    expect(code).toBe(404);
    expect(body['message']).toBe('namespaces "nowhere" not found');
  });

  it('refuses an object of another Namespace, kind or version than the path names', async () => {
    const elsewhere = await t.call('POST', paths.configMaps, {
      ...configMap('x'),
      metadata: { name: 'x', namespace: 'other' },
    });
    const kind = await t.call('POST', paths.configMaps, { ...configMap('x'), kind: 'Secret' });
    const version = await t.call('POST', paths.configMaps, { ...configMap('x'), apiVersion: 'v2' });
    expect([elsewhere.code, kind.code, version.code]).toEqual([400, 400, 400]);
  });

  it('stores nothing on a dry run', async () => {
    const { code } = await t.call('POST', `${paths.configMaps}?dryRun=All`, configMap('dry'));
    expect(code).toBe(201);
    expect((await t.call('GET', `${paths.configMaps}/dry`)).code).toBe(404);
  });

  it('answers 400 for a body that is not JSON', async () => {
    const { code } = await t.call('POST', paths.configMaps, undefined, { headers: { 'content-length': '0' } });
    expect(code).toBe(400);
  });
});

describe('update', () => {
  it('refuses a resourceVersion that is not the current one', async () => {
    const first = (await t.call('POST', paths.configMaps, configMap('locked'))).body;
    await t.call('PUT', `${paths.configMaps}/locked`, { ...first, data: { a: '1' } });
    const { code, body } = await t.call('PUT', `${paths.configMaps}/locked`, { ...first, data: { a: '2' } });
    expect(code).toBe(409);
    expect(body).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "locked": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it('keeps the version when nothing changed', async () => {
    const first = (await t.call('POST', paths.configMaps, configMap('same', { a: '1' }))).body;
    const again = (await t.call('PUT', `${paths.configMaps}/same`, first)).body;
    expect(stringAt(again, 'metadata', 'resourceVersion')).toBe(stringAt(first, 'metadata', 'resourceVersion'));
  });

  it('does not let uid, creationTimestamp or generation be changed', async () => {
    const first = (await t.call('POST', paths.deployments, deployment('fixed'))).body;
    const { body } = await t.patch('merge', `${paths.deployments}/fixed`, {
      metadata: { creationTimestamp: '2000-01-01T00:00:00Z', generation: 99 },
    });
    expect(objectAt(body, 'metadata')).toMatchObject({
      creationTimestamp: stringAt(first, 'metadata', 'creationTimestamp'),
      generation: 1,
    });
  });

  it('counts spec changes, and only those, as generations', async () => {
    await t.call('POST', paths.deployments, deployment('counted'));
    await t.patch('merge', `${paths.deployments}/counted`, { metadata: { labels: { a: 'b' } } });
    await t.patch('merge', `${paths.deployments}/counted/status`, { status: { replicas: 1 } });
    const { body } = await t.patch('merge', `${paths.deployments}/counted`, { spec: { replicas: 2 } });
    expect(objectAt(body, 'metadata')['generation']).toBe(2);
  });

  it('retries a patch without a version when another write came between', async () => {
    await t.call('POST', paths.configMaps, configMap('busy', { n: '0' }));
    const answers = await Promise.all(
      [...Array(8).keys()].map((n) => t.patch('merge', `${paths.configMaps}/busy`, { data: { [`k${n}`]: 'v' } })),
    );
    expect(answers.map(({ code }) => code)).toEqual(Array(8).fill(200));
    const { body } = await t.call('GET', `${paths.configMaps}/busy`);
    expect(Object.keys(objectAt(body, 'data'))).toHaveLength(9);
  });
});

describe('status subresource', () => {
  it('is the only way to change a status, and changes nothing else', async () => {
    await t.call('POST', paths.pods, pod('split'));
    const main = await t.patch('merge', `${paths.pods}/split`, { status: { phase: 'Running' } });
    expect(objectAt(main.body, 'status')['phase']).toBe('Pending');
    const status = await t.patch('merge', `${paths.pods}/split/status`, {
      status: { phase: 'Running' },
      spec: { hostname: 'changed' },
    });
    expect(objectAt(status.body, 'status')['phase']).toBe('Running');
    expect(objectAt(status.body, 'spec')['hostname']).toBeUndefined();
  });
});

describe('paths', () => {
  it('answers 501 for what Kubernetes has and this server does not', async () => {
    const answers = await Promise.all(
      [
        '/apis/autoscaling/v2/horizontalpodautoscalers',
        '/api/v1/persistentvolumes',
        `${paths.pods}/x/proxy`,
        '/debug/pprof',
      ].map((path) => t.call('GET', path)),
    );
    expect(answers.map(({ code, body }) => [code, body['reason']])).toEqual(Array(4).fill([501, 'NotImplemented']));
  });

  it('answers 404 with a Status for a path that nobody knows', async () => {
    const { code, body } = await t.call('GET', '/apis/apps/v1/things');
    expect(code).toBe(404);
    expect(body).toMatchObject({ kind: 'Status', message: 'the server could not find the requested resource' });
  });

  it('is alive and says which version it follows', async () => {
    expect((await t.call('GET', '/readyz')).text).toBe('ok');
    const version = (await t.call('GET', '/version')).body;
    expect(version).toMatchObject({ major: '1', minor: '30' });
  });
});
