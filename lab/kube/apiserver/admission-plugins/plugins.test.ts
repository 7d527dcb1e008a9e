// What the built-in admission plugins make of Pods, Nodes and PriorityClasses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectAt, objectsAt } from '../json.ts';
import { paths, pod } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
const makeClass = (name: string, value: number, more: object = {}): ReturnType<TestApi['call']> =>
  t.call('POST', classes, { metadata: { name }, value, ...more });

describe('Priority', () => {
  it('turns the name of a class into its number and policy', async () => {
    await makeClass('urgent', 1000, { preemptionPolicy: 'Never' });
    const { body } = await t.call('POST', paths.pods, pod('urgent', { priorityClassName: 'urgent' }));
    expect(objectAt(body, 'spec')).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' });
  });

  it('refuses a class that is not there and a number that is not its', async () => {
    const absent = await t.call('POST', paths.pods, pod('a', { priorityClassName: 'nope' }));
    expect([absent.code, absent.body['message']]).toEqual([
      403,
      'pods "a" is forbidden: no PriorityClass with name nope was found',
    ]);
    const wrong = await t.call('POST', paths.pods, pod('a', { priority: 7 }));
    expect(wrong.body['message']).toBe(
      'pods "a" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    );
  });

  it('lets one class be everybody’s', async () => {
    await makeClass('everybody', 5, { globalDefault: true });
    const second = await makeClass('second', 6, { globalDefault: true });
    expect(second.body['message']).toBe(
      'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass everybody is already marked as default. Only one default can exist',
    );
    const { body } = await t.call('POST', paths.pods, pod('plain'));
    expect(objectAt(body, 'spec')).toMatchObject({ priorityClassName: 'everybody', priority: 5 });
    await t.call('DELETE', `${classes}/everybody`);
  });
});

describe('DefaultTolerationSeconds', () => {
  it('tolerates a node that is gone for five minutes, unless the Pod says something about it', async () => {
    const plain = await t.call('POST', paths.pods, pod('tolerant'));
    const toleration = (name: string): object => ({
      key: `node.kubernetes.io/${name}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    });
    expect(objectsAt(plain.body, 'spec', 'tolerations')).toEqual([toleration('not-ready'), toleration('unreachable')]);
    const all = await t.call('POST', paths.pods, pod('stubborn', { tolerations: [{ operator: 'Exists' }] }));
    expect(objectsAt(all.body, 'spec', 'tolerations')).toEqual([{ operator: 'Exists' }]);
  });
});

describe('TaintNodesByCondition', () => {
  it('taints a new node once', async () => {
    const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    const plain = await t.call('POST', '/api/v1/nodes', { metadata: { name: 'one' } });
    expect(objectsAt(plain.body, 'spec', 'taints')).toEqual([notReady]);
    const tainted = await t.call('POST', '/api/v1/nodes', { metadata: { name: 'two' }, spec: { taints: [notReady] } });
    expect(objectsAt(tainted.body, 'spec', 'taints')).toEqual([notReady]);
  });
});

describe('ServiceAccount', () => {
  it('keeps Pods to the Secrets of an account that insists on it', async () => {
    await t.call('POST', '/api/v1/namespaces/default/serviceaccounts', {
      metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
      secrets: [{ name: 'mine' }],
    });
    const make = (secretName: string): ReturnType<TestApi['call']> =>
      t.call(
        'POST',
        paths.pods,
        pod('s', { serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName } }] }),
      );
    expect((await make('other')).body['message']).toBe(
      'pods "s" is forbidden: volume with secret.secretName="other" is not allowed because service account strict does not reference that secret',
    );
    expect((await make('mine')).code).toBe(201);
  });
});
