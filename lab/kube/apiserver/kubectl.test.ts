// Real kubectl against the server: the commands that people and documents use.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { JsonObject } from './json.ts';
import { createKubectl, kubectlIsMissing } from './testing/kubectl.ts';
import type { Kubectl } from './testing/kubectl.ts';
import { deployment, paths, pod, widgetDefinition } from './testing/objects.ts';
import type { TestApi } from './testing/test-api.ts';
import { startTestApi } from './testing/test-api.ts';

let t: TestApi;
let kubectl: Kubectl;
const missing = kubectlIsMissing({ ci: process.env['CI'] === 'true' });

const ok = async (args: string, stdin?: unknown): Promise<string> => {
  const { code, stdout, stderr } = await kubectl.run(
    args.split(' '),
    stdin === undefined ? undefined : JSON.stringify(stdin),
  );
  expect([code, stderr.replaceAll(/^Warning.*\n/gm, '')]).toEqual([0, '']);
  return stdout;
};
const fails = async (args: string, stdin?: unknown): Promise<string> => {
  const { code, stderr } = await kubectl.run(args.split(' '), stdin === undefined ? undefined : JSON.stringify(stdin));
  expect(code).not.toBe(0);
  return stderr;
};
const labelled = (object: JsonObject): JsonObject => ({
  ...object,
  metadata: { ...(object['metadata'] as JsonObject), labels: { app: 'web' } },
});

describe.skipIf(missing)('with kubectl', () => {
  beforeAll(async () => {
    t = await startTestApi({ clock: systemClock });
    kubectl = await createKubectl(t.api, process.env['PATH'] ?? '');
  });
  afterAll(async () => {
    await kubectl.close();
    await t.close();
  });

  it('kubectl create and get: namespaces, names, wide tables, jsonpath, labels, fields', async () => {
    expect(await ok('create namespace shop')).toBe('namespace/shop created\n');
    // Nobody else makes it here, and Pods need it.
    await ok('create serviceaccount default -n shop');
    expect(await ok('create -n shop -f -', labelled(pod('one')))).toBe('pod/one created\n');
    expect(await ok('get po -A -l app=web -o name')).toBe('pod/one\n');
    expect(await ok('get pods -n shop -o wide')).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\none +0\/1 +Pending +0/,
    );
    expect(await ok('get pod one -n shop -ojsonpath={.spec.containers[0].image}')).toBe('nginx:1.7.9');
    expect(
      await ok('get pods -n shop --field-selector metadata.name=one,status.phase=Pending,spec.nodeName= -o name'),
    ).toBe('pod/one\n');
    expect(await ok('get pod one -n shop -o yaml')).toContain('serviceAccountName: default');
  });

  it('kubectl apply, client side: creates, says unchanged, merges and removes what was taken out', async () => {
    const first = deployment('site', { paused: true });
    expect(await ok('apply -f -', first)).toBe('deployment.apps/site created\n');
    expect(await ok('apply -f -', first)).toBe('deployment.apps/site unchanged\n');
    await ok('scale deployment/site --replicas=3');
    expect(await ok('apply -f -', deployment('site'))).toBe('deployment.apps/site configured\n');
    expect(await ok('get deploy site -o jsonpath={.spec.replicas}/{.spec.paused}')).toBe('3/');
  });

  it('kubectl apply refuses unknown fields through the server', async () => {
    const wrong = deployment('wrong', { replicaz: 3 });
    expect(await fails('apply -f -', wrong)).toContain('strict decoding error: unknown field "spec.replicaz"');
  });

  it('kubectl apply --server-side: owns, conflicts, and is forced', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned' }, data: { key: 'one' } };
    expect(await ok('apply --server-side -f -', object)).toBe('configmap/owned serverside-applied\n');
    const other = { ...object, data: { key: 'two' } };
    expect(await fails('apply --server-side --field-manager=other -f -', other)).toContain(
      'conflict with "kubectl": .data.key',
    );
    await ok('apply --server-side --field-manager=other --force-conflicts -f -', other);
    expect(await ok('get cm owned -o jsonpath={.data.key}')).toBe('two');
  });

  it('kubectl patch, label, annotate and edit-like patches', async () => {
    await ok('create -f -', deployment('patched'));
    const patch = async (type: string, body: unknown): Promise<string> => {
      const { stdout } = await kubectl.run([
        'patch',
        'deploy',
        'patched',
        `--type=${type}`,
        '-p',
        JSON.stringify(body),
      ]);
      return stdout;
    };
    expect(
      await patch('strategic', { spec: { template: { spec: { containers: [{ name: 'side', image: 'x' }] } } } }),
    ).toContain('patched');
    expect(await patch('json', [{ op: 'replace', path: '/spec/replicas', value: 2 }])).toContain('patched');
    expect(await patch('merge', { metadata: { labels: { a: 'b' } } })).toContain('patched');
    await ok('label deploy patched c=d');
    await ok('annotate deploy patched e=f');
    const output = await ok(
      'get deploy patched -o jsonpath={.spec.template.spec.containers[*].name}/{.spec.replicas}/{.metadata.labels.a}{.metadata.labels.c}/{.metadata.annotations.e}',
    );
    expect(output).toBe('side app/2/bd/f');
  });

  it('kubectl get, describe and explain of a custom resource by its short name', async () => {
    await ok(
      'apply -f -',
      widgetDefinition({}, { additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }] }),
    );
    await ok('wait --for=condition=Established crd/widgets.example.com --timeout=5s');
    await ok('create -f -', {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { size: 3 },
    });
    expect(await ok('get wd')).toBe('NAME   SIZE\nw      3\n');
    expect(await ok('describe wd w')).toMatch(/Kind: +Widget[\s\S]*Size: +3/);
    expect(await ok('explain wd.spec')).toContain('size\t<integer>');
    expect(await ok('api-resources --api-group=example.com')).toMatch(/widgets +wd +example.com\/v1 +true +Widget/);
  });

  it('kubectl describe shows the events of a Pod', async () => {
    await ok('create -f -', pod('described'));
    const { stdout: uid } = await kubectl.run(['get', 'pod', 'described', '-o', 'jsonpath={.metadata.uid}']);
    await ok('create -f -', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'described.1', namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'described', namespace: 'default', uid },
      reason: 'FailedScheduling',
      message: 'Insufficient tke.cloud.tencent.com/sub-eni',
      type: 'Warning',
    });
    expect(await ok('describe pod described')).toMatch(
      /Warning +FailedScheduling .*Insufficient tke\.cloud\.tencent\.com\/sub-eni/,
    );
    expect(await ok('get events')).toMatch(/Warning +FailedScheduling +pod\/described +Insufficient/);
  });

  it('kubectl wait, rollout status and get -w follow changes', async () => {
    await ok('create -f -', deployment('rolled'));
    const rollout = ok('rollout status deploy/rolled --timeout=10s');
    const waiting = ok('wait --for=jsonpath={.status.readyReplicas}=1 deploy/rolled --timeout=10s');
    const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    await t.patch('merge', `${paths.deployments}/rolled/status`, { status });
    expect(await rollout).toContain('deployment "rolled" successfully rolled out');
    expect(await waiting).toBe('deployment.apps/rolled condition met\n');
    expect((await kubectl.run(['get', 'deploy', 'rolled', '-w', '--request-timeout=1s'])).stdout).toMatch(
      /rolled +1\/1/,
    );
  });

  it('kubectl delete waits until the object is gone', async () => {
    await ok('create -f -', pod('gone'));
    expect(await ok('delete pod gone --wait')).toBe('pod "gone" deleted\n');
    expect(await fails('get pod gone')).toBe('Error from server (NotFound): pods "gone" not found\n');
  });

  it('kubectl auth can-i, create token, and what is not implemented', async () => {
    expect(await ok('auth can-i create pods')).toBe('yes\n');
    expect((await kubectl.run(['auth', 'can-i', 'create', 'pods', '--as=nobody'])).stdout).toBe('no\n');
    await ok('create serviceaccount robot');
    expect(await ok('create token robot')).toMatch(/^ey/);
    expect(await fails('get --raw /api/v1/namespaces/default/pods/described/proxy/')).toContain(
      'the embedded API server does not implement the subresource pods/proxy',
    );
  });
});
