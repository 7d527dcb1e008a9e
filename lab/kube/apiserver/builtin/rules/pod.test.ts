// Pods: defaults, validation, what may change.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt } from '../../json.ts';
import { paths, pod } from '../../testing/objects.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { startTestApi } from '../../testing/test-api.ts';

let t: TestApi;
let counter = 0;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.close());

const unique = (): string => `p${(counter += 1)}`;
const create = (spec: JsonObject): ReturnType<TestApi['call']> => t.call('POST', paths.pods, pod(unique(), spec));
const container = (more: JsonObject): JsonObject => ({ containers: [{ name: 'app', image: 'nginx', ...more }] });

describe('defaults of a Pod', () => {
  it('are what users see on a real cluster', async () => {
    const { body } = await create({
      ...container({ ports: [{ containerPort: 80 }] }),
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
    });
    expect(body['spec']).toEqual({
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'app',
          image: 'nginx',
          imagePullPolicy: 'Always',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      priority: 0,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      serviceAccount: 'default',
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
      tolerations: [{ operator: 'Exists' }],
    });
    expect(body['status']).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.7.9', 'IfNotPresent'],
    ['registry:5000/nginx', 'Always'],
    ['nginx@sha256:0123', 'IfNotPresent'],
  ])('the image %s is pulled %s', async (image, expected) => {
    const { body } = await create(container({ image }));
    expect(objectsAt(body, 'spec', 'containers')[0]?.['imagePullPolicy']).toBe(expected);
  });

  it('requests are taken from limits', async () => {
    const { body } = await create(
      container({ resources: { limits: { cpu: '1', 'example.com/slot': 2 }, requests: { cpu: '500m' } } }),
    );
    expect(objectsAt(body, 'spec', 'containers')[0]?.['resources']).toEqual({
      limits: { cpu: '1', 'example.com/slot': '2' },
      requests: { cpu: '500m', 'example.com/slot': '2' },
    });
  });

  it.each<[JsonObject, string]>([
    [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    [{ requests: { cpu: '1' } }, 'Burstable'],
    [{}, 'BestEffort'],
  ])('resources %j make it %s', async (resources, expected) => {
    expect(objectAt((await create(container({ resources }))).body, 'status')['qosClass']).toBe(expected);
  });

  it('its priority comes from its class', async () => {
    const { body } = await create({ priorityClassName: 'system-node-critical' });
    expect(objectAt(body, 'spec')).toMatchObject({
      priority: 2_000_001_000,
      priorityClassName: 'system-node-critical',
    });
  });
});

describe('a Pod is refused', () => {
  it.each<[string, JsonObject, string]>([
    ['without containers', { containers: [] }, 'spec.containers: Required value'],
    ['without an image', { containers: [{ name: 'a' }] }, 'spec.containers[0].image: Required value'],
    [
      'with a container name that is no label',
      { containers: [{ name: 'A_b', image: 'x' }] },
      'spec.containers[0].name: Invalid value: "A_b": a lowercase RFC 1123 label must consist of',
    ],
    [
      'with a name twice',
      {
        containers: [
          { name: 'a', image: 'x' },
          { name: 'a', image: 'x' },
        ],
      },
      'spec.containers[1].name: Duplicate value: "a"',
    ],
    [
      'with a mount of no volume',
      container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      'with a port out of range',
      container({ ports: [{ containerPort: 70000 }] }),
      'must be between 1 and 65535, inclusive',
    ],
    [
      'with a part of an extended resource',
      container({ resources: { limits: { 'tke.cloud.tencent.com/sub-eni': '1500m' } } }),
      'spec.containers[0].resources.limits[tke.cloud.tencent.com/sub-eni]: Invalid value: "1500m": must be an integer',
    ],
    [
      'with an extended resource requested other than limited',
      container({ resources: { limits: { 'a.io/b': '2' }, requests: { 'a.io/b': '1' } } }),
      'spec.containers[0].resources.requests: Invalid value: "1": must be equal to a.io/b limit of 2',
    ],
    [
      'with an extended resource requested and not limited',
      container({ resources: { requests: { 'a.io/b': '1' } } }),
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
    [
      'with more requested than limited',
      container({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'with a resource of no domain',
      container({ resources: { limits: { gpu: '1' } } }),
      'must be a standard resource type or fully qualified',
    ],
    [
      'with an unknown restartPolicy',
      { restartPolicy: 'Often' },
      'spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "OnFailure", "Never"',
    ],
  ])('%s', async (_what, spec, message) => {
    const { code, body } = await create(spec);
    expect(code).toBe(422);
    expect(body['message']).toContain(message);
  });

  it('with a label value that is none', async () => {
    const { body } = await t.call('POST', paths.pods, {
      ...pod('x'),
      metadata: { name: 'x', labels: { app: 'not valid' } },
    });
    expect(body['message']).toContain(
      'Pod "x" is invalid: metadata.labels: Invalid value: "not valid": a valid label must be an empty string or',
    );
  });

  it('with a ServiceAccount or a priority class that does not exist', async () => {
    const account = await create({ serviceAccountName: 'nobody' });
    expect([account.code, account.body['message']]).toEqual([
      403,
      `pods "p${counter}" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found`,
    ]);
    const priority = await create({ priorityClassName: 'none' });
    expect(priority.body['message']).toBe(`pods "p${counter}" is forbidden: no PriorityClass with name none was found`);
  });
});

describe('an update of a Pod', () => {
  it('may change images and labels and nothing else of its spec', async () => {
    const name = String(objectAt((await create({})).body, 'metadata')['name']);
    const path = `${paths.pods}/${name}`;
    expect(
      (
        await t.patch('strategic', path, {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'app', image: 'nginx:2' }] },
        })
      ).code,
    ).toBe(200);
    const { code, body } = await t.patch('strategic', path, {
      spec: { containers: [{ name: 'app', command: ['sh'] }] },
    });
    expect(code).toBe(422);
    expect(body['message']).toContain(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
    );
  });
});
