// The rules of the other built-in kinds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt } from '../../json.ts';
import { deployment, paths } from '../../testing/objects.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { startTestApi } from '../../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const messageOf = async (answer: ReturnType<TestApi['call']>): Promise<unknown> => (await answer).body['message'];

describe('Deployments', () => {
  it('get their defaults', async () => {
    const { body } = await t.call('POST', paths.deployments, deployment('defaults'));
    expect(body['spec']).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: { spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', terminationGracePeriodSeconds: 30 } },
    });
  });

  it('need a selector that selects their own template, and keep it', async () => {
    const foreign = deployment('foreign', { selector: { matchLabels: { app: 'other' } } });
    expect(await messageOf(t.call('POST', paths.deployments, foreign))).toBe(
      'Deployment.apps "foreign" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{"app":"foreign"}: `selector` does not match template `labels`',
    );
    await t.call('POST', paths.deployments, deployment('kept'));
    const changed = {
      spec: { selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } } } },
    };
    expect(await messageOf(t.patch('merge', `${paths.deployments}/kept`, changed))).toContain(
      'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"x"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
    );
  });

  it('are scaled through their scale', async () => {
    await t.call('POST', paths.deployments, deployment('scaled'));
    const path = `${paths.deployments}/scaled/scale`;
    expect((await t.call('GET', path)).body).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'app=scaled' },
    });
    expect((await t.patch('merge', path, { spec: { replicas: 3 } })).code).toBe(200);
    expect(objectAt((await t.call('GET', `${paths.deployments}/scaled`)).body, 'spec')['replicas']).toBe(3);
    expect((await t.patch('merge', path, { spec: { replicas: -1 } })).code).toBe(422);
  });

  it('are scaled only by those who have seen the version they name', async () => {
    const path = `${paths.deployments}/scaled/scale`;
    const scale = (await t.call('GET', path)).body;
    expect((await t.call('PUT', path, { ...scale, spec: { replicas: 4 } })).code).toBe(200);
    expect((await t.call('PUT', path, { ...scale, spec: { replicas: 5 } })).code).toBe(409);
  });
});

describe('Services', () => {
  const services = '/api/v1/namespaces/default/services';
  const service = (name: string, spec: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  });

  it('get an address of their own, which stays', async () => {
    const one = (await t.call('POST', services, service('one'))).body;
    const two = (await t.call('POST', services, service('two'))).body;
    const address = (body: JsonObject): unknown => objectAt(body, 'spec')['clusterIP'];
    expect(address(one)).toMatch(/^10\.96\.\d+\.\d+$/);
    expect(address(two)).not.toBe(address(one));
    const changed = await t.patch('merge', `${services}/one`, { spec: { ports: [{ port: 81 }] } });
    expect(objectAt(changed.body, 'spec')).toMatchObject({
      clusterIP: address(one),
      ports: [{ port: 81, protocol: 'TCP', targetPort: 81 }],
    });
  });

  it('may be headless, or ask for an address that is free', async () => {
    expect((await t.call('POST', services, service('headless', { clusterIP: 'None' }))).code).toBe(201);
    expect(await messageOf(t.call('POST', services, service('greedy', { clusterIP: '10.96.0.1' })))).toContain(
      'provided IP is already allocated',
    );
  });

  it('of type NodePort get a port of the Nodes that nobody else has', async () => {
    const portOf = (body: JsonObject): unknown => objectsAt(body, 'spec', 'ports')[0]?.['nodePort'];
    const one = (await t.call('POST', services, service('outside', { type: 'NodePort' }))).body;
    const two = (await t.call('POST', services, service('outside2', { type: 'LoadBalancer' }))).body;
    expect(portOf(one)).toBeGreaterThanOrEqual(30_000);
    expect(portOf(two)).not.toBe(portOf(one));
    expect(
      await messageOf(
        t.call('POST', services, service('late', { type: 'NodePort', ports: [{ port: 80, nodePort: portOf(one) }] })),
      ),
    ).toContain('provided port is already allocated');
  });

  it('give their address back when they become an ExternalName', async () => {
    await t.call('POST', services, service('moving'));
    const moved = await t.patch('merge', `${services}/moving`, { spec: { type: 'ExternalName', externalName: 'a.b' } });
    expect(moved.body['spec']).toEqual({
      externalName: 'a.b',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'None',
      type: 'ExternalName',
    });
  });
});

describe('Secrets', () => {
  it('encode what is given as text and never give it back so', async () => {
    const { body } = await t.call('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'texts' },
      stringData: { key: 'value' },
    });
    expect(body).toMatchObject({ type: 'Opaque', data: { key: Buffer.from('value').toString('base64') } });
    expect(body['stringData']).toBeUndefined();
  });
});

describe('Nodes', () => {
  it('register with their status', async () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { capacity: { cpu: '2', 'tke.cloud.tencent.com/sub-eni': '4' } },
    };
    const { body } = await t.call('POST', '/api/v1/nodes', node);
    expect(objectAt(body, 'status')).toMatchObject({
      capacity: { cpu: '2' },
      allocatable: { cpu: '2', 'tke.cloud.tencent.com/sub-eni': '4' },
    });
  });

  it('take extended resources by a patch of the status', async () => {
    const path = '/api/v1/nodes/n1/status';
    const operations = [{ op: 'add', path: '/status/capacity/tke.cloud.tencent.com~1sub-eni', value: '100' }];
    expect(
      objectAt((await t.patch('json', path, operations)).body, 'status', 'capacity')['tke.cloud.tencent.com/sub-eni'],
    ).toBe('100');
  });
});

describe('Events', () => {
  it('belong to the Namespace of what they are about, and are found by it', async () => {
    const events = '/api/v1/namespaces/default/events';
    const event = (name: string, namespace: string): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name },
      involvedObject: { kind: 'Pod', name: 'p', namespace, uid: 'u1' },
      reason: 'Started',
      type: 'Normal',
    });
    expect((await t.call('POST', events, event('e1', 'default'))).code).toBe(201);
    expect(await messageOf(t.call('POST', events, event('e2', 'other')))).toContain(
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    );
    const selector = encodeURIComponent('involvedObject.name=p,involvedObject.uid=u1,involvedObject.kind=Pod');
    expect(objectsAt((await t.call('GET', `${events}?fieldSelector=${selector}`)).body, 'items')).toHaveLength(1);
  });
});

describe('Event expiry', () => {
  it('forgets an Event an hour after its last change', async () => {
    const events = '/api/v1/namespaces/default/events';
    const regarding = { kind: 'Pod', name: 'old', namespace: 'default' };
    await t.call('POST', events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'aging' },
      involvedObject: regarding,
    });
    await t.clock.advance(50 * 60_000);
    await t.patch('merge', `${events}/aging`, { count: 2 });
    await t.clock.advance(50 * 60_000);
    expect((await t.call('GET', `${events}/aging`)).code).toBe(200);
    await t.clock.advance(10 * 60_000);
    expect((await t.call('GET', `${events}/aging`)).code).toBe(404);
  });
});

describe('RBAC objects', () => {
  it('keep the role that a binding names', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'b:with:colons' },
      roleRef: { kind: 'ClusterRole', name: 'one' },
      subjects: [{ kind: 'Group', name: 'g' }],
    };
    expect((await t.call('POST', path, binding)).code).toBe(201);
    expect(await messageOf(t.patch('merge', `${path}/b:with:colons`, { roleRef: { name: 'two' } }))).toContain(
      'cannot change roleRef',
    );
  });
});

describe('Leases', () => {
  it('are replaced only by those who have seen the current version', async () => {
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15 },
    };
    await t.call('POST', path, lease);
    expect((await t.call('PUT', `${path}/l`, lease)).code).toBe(422);
  });
});
