// The rules of StatefulSets, Jobs, DaemonSets, EndpointSlices, NetworkPolicies and the two views of Events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { objectAt, stringMapAt } from '../../json.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { startTestApi } from '../../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const apps = '/apis/apps/v1/namespaces/default';
const jobs = '/apis/batch/v1/namespaces/default/jobs';
const messageOf = async (answer: ReturnType<TestApi['call']>): Promise<unknown> => (await answer).body['message'];
const template = (spec: JsonObject = {}): JsonObject => ({
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'a', image: 'nginx:1' }], ...spec },
});
const workload = (name: string, spec: JsonObject = {}): JsonObject => ({
  metadata: { name },
  spec: { selector: { matchLabels: { app: 'x' } }, template: template(), ...spec },
});

describe('StatefulSets', () => {
  it('get their defaults, and a status of zeros', async () => {
    const { body } = await t.call('POST', `${apps}/statefulsets`, workload('set'));
    expect(body['spec']).toMatchObject({
      podManagementPolicy: 'OrderedReady',
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      serviceName: '',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    });
    expect(body['status']).toEqual({ availableReplicas: 0, replicas: 0 });
  });

  it('keep everything that would need other Pods or claims', async () => {
    expect(await messageOf(t.patch('merge', `${apps}/statefulsets/set`, { spec: { serviceName: 'other' } }))).toBe(
      'StatefulSet.apps "set" is invalid: spec: Forbidden: updates to statefulset spec for fields other than ' +
        "'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  });

  it('do not report more Pods in one state than there are', async () => {
    expect(
      await messageOf(
        t.patch('merge', `${apps}/statefulsets/set/status`, { status: { replicas: 1, readyReplicas: 2 } }),
      ),
    ).toContain('status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas');
  });
});

describe('DaemonSets', () => {
  it('count the changes of their template', async () => {
    await t.call('POST', `${apps}/daemonsets`, workload('set'));
    const counted = (body: JsonObject): unknown =>
      stringMapAt(body, 'metadata', 'annotations')['deprecated.daemonset.template.generation'];
    const labelled = await t.patch('merge', `${apps}/daemonsets/set`, { metadata: { labels: { a: 'b' } } });
    expect(counted(labelled.body)).toBe('1');
    const path = `${apps}/daemonsets/set`;
    const changed = await t.patch('merge', path, {
      spec: { template: { spec: { terminationGracePeriodSeconds: 5 } } },
    });
    expect(counted(changed.body)).toBe('2');
  });

  it('surge or are unavailable, but not both and not neither', async () => {
    const rolling = (rollingUpdate: JsonObject): JsonObject =>
      workload('rolling', { updateStrategy: { rollingUpdate } });
    expect(
      await messageOf(t.call('POST', `${apps}/daemonsets`, rolling({ maxSurge: 1, maxUnavailable: 1 }))),
    ).toContain('may not be set when maxUnavailable is non-zero');
    expect(
      await messageOf(t.call('POST', `${apps}/daemonsets`, rolling({ maxSurge: 0, maxUnavailable: 0 }))),
    ).toContain('spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0');
  });
});

describe('Jobs', () => {
  it('select the Pods that carry their uid, under both names of the label', async () => {
    const { body } = await t.call('POST', jobs, {
      metadata: { name: 'j' },
      spec: { template: template({ restartPolicy: 'Never' }) },
    });
    const uid = stringMapAt(body, 'metadata')['uid'];
    expect(objectAt(body, 'spec', 'selector')).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': uid } });
    expect(stringMapAt(body, 'spec', 'template', 'metadata', 'labels')).toEqual({
      app: 'x',
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': 'j',
      'controller-uid': uid,
      'job-name': 'j',
    });
    expect(body['spec']).toMatchObject({
      completionMode: 'NonIndexed',
      podReplacementPolicy: 'TerminatingOrFailed',
      suspend: false,
    });
  });

  it('need to know how many indexes there are', async () => {
    const spec = { completionMode: 'Indexed', parallelism: 2, template: template({ restartPolicy: 'Never' }) };
    expect(await messageOf(t.call('POST', jobs, { metadata: { name: 'i' }, spec }))).toContain(
      'spec.completions: Required value: when completion mode is Indexed',
    );
  });
});

describe('Events', () => {
  const views = '/apis/events.k8s.io/v1/namespaces/default/events';
  const events = '/api/v1/namespaces/default/events';

  it('are one object in two groups, also when they are changed and removed', async () => {
    const regarding = { kind: 'Pod', name: 'p', namespace: 'default' };
    await t.call('POST', events, { metadata: { name: 'e' }, involvedObject: regarding, message: 'm', reason: 'R' });
    expect((await t.call('GET', `${views}/e`)).body).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'm',
      regarding,
    });
    await t.patch('merge', `${events}/e`, { count: 2 });
    expect((await t.call('GET', `${views}/e`)).body['deprecatedCount']).toBe(2);
    expect((await t.call('DELETE', `${views}/e`)).code).toBe(200);
    expect((await t.call('GET', `${events}/e`)).code).toBe(404);
  });
});

describe('zero values', () => {
  it('are forgotten where the API holds them by value, and kept where it holds them by pointer', async () => {
    const { body } = await t.call(
      'POST',
      `${apps}/deployments`,
      workload('zero', { minReadySeconds: 0, replicas: 0, paused: false }),
    );
    const spec = objectAt(body, 'spec');
    expect(spec['replicas']).toBe(0);
    expect(Object.keys(spec)).not.toContain('minReadySeconds');
    expect(Object.keys(spec)).not.toContain('paused');
  });
});

describe('NetworkPolicies', () => {
  const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
  const policy = (name: string, spec: JsonObject): JsonObject => ({ metadata: { name }, spec });

  it('get their types from their rules, and TCP as the protocol of a port', async () => {
    const ingress = await t.call(
      'POST',
      policies,
      policy('in', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }),
    );
    expect(ingress.body['spec']).toEqual({
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }],
    });
    const egress = await t.call('POST', policies, policy('out', { podSelector: {}, egress: [{}] }));
    expect(objectAt(egress.body, 'spec')?.['policyTypes']).toEqual(['Ingress', 'Egress']);
  });

  it('are shown with what they select, and found by their short name', async () => {
    await t.call('POST', policies, policy('some', { podSelector: { matchLabels: { app: 'x' } } }));
    const table = await t.call('GET', `${policies}/some`, undefined, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    expect(table.body['rows']).toMatchObject([{ cells: ['some', 'app=x', expect.any(String)] }]);
  });

  it.each([
    ['a peer that is nobody', { ingress: [{ from: [{}] }] }, 'spec.ingress[0].from[0]: Required value'],
    [
      'a block that is none',
      { egress: [{ to: [{ ipBlock: { cidr: '10.0.0' } }] }] },
      'spec.egress[0].to[0].ipBlock.cidr',
    ],
    [
      'another protocol',
      { ingress: [{ ports: [{ protocol: 'ICMP' }] }] },
      'spec.ingress[0].ports[0].protocol: Unsupported',
    ],
  ])('refuse %s', async (_, spec, message) => {
    expect(await messageOf(t.call('POST', policies, policy('bad', { podSelector: {}, ...spec })))).toContain(message);
  });
});
