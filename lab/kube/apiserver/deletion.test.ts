// Deletion: finalizers, grace, preconditions, Namespaces.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectAt, stringAt } from './json.ts';
import { configMap, paths, pod } from './testing/objects.ts';
import type { TestApi } from './testing/test-api.ts';
import { startTestApi } from './testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const bind = (name: string, node = 'node-1') =>
  t.call('POST', `${paths.pods}/${name}/binding`, {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name },
    target: { kind: 'Node', name: node },
  });

describe('deletion', () => {
  it('keeps an object with finalizers until the last is gone', async () => {
    await t.call('POST', paths.configMaps, {
      ...configMap('kept'),
      metadata: { name: 'kept', finalizers: ['example.com/hold'] },
    });
    const marked = await t.call('DELETE', `${paths.configMaps}/kept`);
    expect(objectAt(marked.body, 'metadata')).toMatchObject({
      deletionTimestamp: expect.any(String),
      deletionGracePeriodSeconds: 0,
    });
    await t.patch('merge', `${paths.configMaps}/kept`, { metadata: { finalizers: [] } });
    expect((await t.call('GET', `${paths.configMaps}/kept`)).code).toBe(404);
  });

  it('takes no new finalizer while it is under way', async () => {
    await t.call('POST', paths.configMaps, {
      ...configMap('late'),
      metadata: { name: 'late', finalizers: ['example.com/hold'] },
    });
    await t.call('DELETE', `${paths.configMaps}/late`);
    const { code, body } = await t.patch('merge', `${paths.configMaps}/late`, {
      metadata: { finalizers: ['example.com/hold', 'example.com/more'] },
    });
    expect(code).toBe(422);
    expect(body['message']).toContain(
      'no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}',
    );
  });

  it('fails when a precondition does not hold', async () => {
    await t.call('POST', paths.configMaps, configMap('guarded'));
    const { code, body } = await t.call('DELETE', `${paths.configMaps}/guarded`, { preconditions: { uid: 'another' } });
    expect([code, body['reason']]).toEqual([409, 'Conflict']);
    expect((await t.call('GET', `${paths.configMaps}/guarded`)).code).toBe(200);
  });

  it('leaves a finalizer for the garbage collector as the policy says', async () => {
    const { body } = await t.call('DELETE', `${paths.configMaps}/guarded?propagationPolicy=Foreground`);
    expect(objectAt(body, 'metadata')['finalizers']).toEqual(['foregroundDeletion']);
  });

  it('gives a bound Pod its grace and lets the kubelet end it', async () => {
    await t.call('POST', paths.pods, pod('graceful'));
    await bind('graceful');
    const { body } = await t.call('DELETE', `${paths.pods}/graceful`);
    expect(objectAt(body, 'metadata')).toMatchObject({
      deletionGracePeriodSeconds: 30,
      deletionTimestamp: expect.any(String),
    });
    expect((await t.call('GET', `${paths.pods}/graceful`)).code).toBe(200);
    await t.call('DELETE', `${paths.pods}/graceful`, { gracePeriodSeconds: 0 });
    expect((await t.call('GET', `${paths.pods}/graceful`)).code).toBe(404);
  });

  it('removes a Pod at once that is not bound, or whose grace is zero', async () => {
    await t.call('POST', paths.pods, pod('unbound'));
    await t.call('DELETE', `${paths.pods}/unbound`);
    await t.call('POST', paths.pods, pod('hasty', { terminationGracePeriodSeconds: 0 }));
    await bind('hasty');
    await t.call('DELETE', `${paths.pods}/hasty`);
    const codes = await Promise.all(
      ['unbound', 'hasty'].map(async (name) => (await t.call('GET', `${paths.pods}/${name}`)).code),
    );
    expect(codes).toEqual([404, 404]);
  });

  it('lets a later request shorten the grace, never lengthen it', async () => {
    await t.call('POST', paths.pods, pod('shortened'));
    await bind('shortened');
    await t.call('DELETE', `${paths.pods}/shortened`);
    const longer = await t.call('DELETE', `${paths.pods}/shortened`, { gracePeriodSeconds: 60 });
    const shorter = await t.call('DELETE', `${paths.pods}/shortened`, { gracePeriodSeconds: 5 });
    expect([longer, shorter].map(({ body }) => objectAt(body, 'metadata')['deletionGracePeriodSeconds'])).toEqual([
      30, 5,
    ]);
  });

  it('deletes a collection by selector', async () => {
    for (const name of ['many-1', 'many-2'])
      await t.call('POST', paths.configMaps, configMap(name, {}, { group: 'many' }));
    await t.call('DELETE', `${paths.configMaps}?labelSelector=group%3Dmany`);
    expect((await t.call('GET', `${paths.configMaps}?labelSelector=group%3Dmany`)).body['items']).toEqual([]);
  });
});

describe('Namespaces', () => {
  it('become Terminating, take nothing new, and go when they are finalized', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'passing' } };
    await t.call('POST', '/api/v1/namespaces', namespace);
    const { body } = await t.call('DELETE', '/api/v1/namespaces/passing');
    expect(objectAt(body, 'status')['phase']).toBe('Terminating');
    const refused = await t.call('POST', '/api/v1/namespaces/passing/configmaps', configMap('x'));
    expect(refused.code).toBe(403);
    expect(refused.body['message']).toBe(
      'configmaps "x" is forbidden: unable to create new content in namespace passing because it is being terminated',
    );
    await t.call('PUT', '/api/v1/namespaces/passing/finalize', { ...namespace, spec: { finalizers: [] } });
    expect((await t.call('GET', '/api/v1/namespaces/passing')).code).toBe(404);
  });

  it('carry their name as a label', async () => {
    const { body } = await t.call('GET', '/api/v1/namespaces/default');
    expect(objectAt(body, 'metadata', 'labels')['kubernetes.io/metadata.name']).toBe('default');
  });

  it('cannot be deleted when the system needs them', async () => {
    expect((await t.call('DELETE', '/api/v1/namespaces/kube-system')).code).toBe(403);
  });
});

describe('binding', () => {
  it('sets the node and PodScheduled once', async () => {
    await t.call('POST', paths.pods, pod('bound'));
    expect((await bind('bound')).code).toBe(201);
    const { body } = await t.call('GET', `${paths.pods}/bound`);
    expect(stringAt(body, 'spec', 'nodeName')).toBe('node-1');
    expect(objectAt(body, 'status')['conditions']).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    const again = await bind('bound', 'node-2');
    expect(again.code).toBe(409);
    expect(again.body['message']).toBe(
      'Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "node-1"',
    );
  });

  it('refuses a Pod that is gone', async () => {
    expect((await bind('nobody')).code).toBe(404);
  });

  it('refuses a Pod whose Namespace is being deleted', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } };
    await t.call('POST', '/api/v1/namespaces', namespace);
    const late = pod('late');
    await t.call('POST', '/api/v1/namespaces/leaving/pods', {
      ...late,
      metadata: { ...objectAt(late, 'metadata'), namespace: 'leaving' },
    });
    await t.call('DELETE', '/api/v1/namespaces/leaving');
    const refused = await t.call('POST', '/api/v1/namespaces/leaving/pods/late/binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'late' },
      target: { apiVersion: 'v1', kind: 'Node', name: 'node-1' },
    });
    expect(refused.code).toBe(403);
    expect(refused.body['message']).toBe(
      'pods "late" is forbidden: unable to create new content in namespace leaving because it is being terminated',
    );
  });
});
