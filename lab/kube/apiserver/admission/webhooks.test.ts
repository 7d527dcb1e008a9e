// Admission webhooks over real HTTPS: matching, patches, refusals, failures and warnings.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createServingCertificates } from '../access/certificates.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, stringAt } from '../json.ts';
import { configMap, paths, pod } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

type Respond = (review: JsonObject, path: string) => JsonObject;

interface Hook {
  readonly port: number;
  readonly caBundle: string;
  readonly reviews: JsonObject[];
  respond: Respond;
  close(): void;
}

let t: TestApi;
let hook: Hook;
let resolvesTo: { host: string; port: number } | undefined;
const mutating = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
const validating = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const allow: Respond = () => ({ allowed: true });

beforeAll(async () => {
  hook = await startHook();
  resolvesTo = { host: '127.0.0.1', port: hook.port };
  t = await startTestApi({
    resolveService: (namespace, name) =>
      Promise.resolve(`${namespace}/${name}` === 'default/hook' ? resolvesTo : undefined),
  });
});
afterAll(async () => {
  hook.close();
  await t.close();
});
afterEach(async () => {
  await t.call('DELETE', mutating);
  await t.call('DELETE', validating);
  hook.respond = allow;
  hook.reviews.length = 0;
  resolvesTo = { host: '127.0.0.1', port: hook.port };
});

async function startHook(): Promise<Hook> {
  const { caPem, certPem, keyPem } = await createServingCertificates(new Date(), ['hook.default.svc']);
  const reviews: JsonObject[] = [];
  const state: { respond: Respond } = { respond: allow };
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = objectAt(JSON.parse(Buffer.concat(chunks).toString('utf8')), 'request');
      reviews.push(review);
      const answer = { uid: review['uid'], ...state.respond(review, request.url ?? '') };
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(caPem).toString('base64'),
    reviews,
    get respond() {
      return state.respond;
    },
    set respond(respond) {
      state.respond = respond;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const patchOf = (operations: unknown): JsonObject => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

const webhook = (name: string, more: JsonObject = {}): JsonObject => ({
  name: `${name}.example.com`,
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { service: { namespace: 'default', name: 'hook', path: `/${name}` }, caBundle: hook.caBundle },
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  ...more,
});

const configure = async (path: string, name: string, ...webhooks: JsonObject[]): Promise<void> => {
  const kind = path === mutating ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration';
  const { code, body } = await t.call('POST', path, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name },
    webhooks,
  });
  expect([code, body['message']]).toEqual([201, undefined]);
};

const create = (object: JsonObject): ReturnType<TestApi['call']> => t.call('POST', paths.pods, object);

describe('mutating webhooks', () => {
  it('change the object before it is validated and stored', async () => {
    hook.respond = () =>
      patchOf([
        { op: 'add', path: '/metadata/annotations', value: { marked: 'yes' } },
        { op: 'add', path: '/spec/containers/0/resources/limits', value: { 'example.com/slot': '1' } },
      ]);
    await configure(mutating, 'mark', webhook('mark'));
    const { body } = await create(pod('marked'));
    expect(objectAt(body, 'metadata', 'annotations')).toEqual({ marked: 'yes' });
    expect(objectAt(body, 'spec')['containers']).toMatchObject([
      { resources: { limits: { 'example.com/slot': '1' }, requests: { 'example.com/slot': '1' } } },
    ]);
  });

  it('are told the whole request', async () => {
    await configure(mutating, 'look', webhook('look'));
    await t.call('POST', `${paths.pods}?dryRun=All`, { ...pod(''), metadata: { generateName: 'seen-' } });
    expect(hook.reviews[0]).toMatchObject({
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'default',
      operation: 'CREATE',
      dryRun: true,
      oldObject: null,
      userInfo: { username: 'kubernetes-admin' },
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { generateName: 'seen-' } },
    });
    expect(hook.reviews[0]).not.toHaveProperty('name');
  });

  it('run in the order of their configurations, each on what the former made', async () => {
    hook.respond = (review, path) =>
      path.startsWith('/first')
        ? patchOf([{ op: 'add', path: '/metadata/labels', value: { step: '1' } }])
        : patchOf([
            {
              op: 'replace',
              path: '/metadata/labels/step',
              value: `${stringAt(review, 'object', 'metadata', 'labels', 'step')}2`,
            },
          ]);
    await configure(mutating, 'b', webhook('second'));
    await configure(mutating, 'a', webhook('first'));
    expect(objectAt((await create(pod('ordered'))).body, 'metadata', 'labels')).toEqual({ step: '12' });
  });

  it('see later changes when they ask to be called again', async () => {
    hook.respond = (_review, path) =>
      path.startsWith('/last')
        ? patchOf([{ op: 'add', path: '/metadata/labels', value: { last: 'yes' } }])
        : { allowed: true };
    await configure(mutating, 'x', webhook('again', { reinvocationPolicy: 'IfNeeded' }), webhook('last'));
    await create(pod('again'));
    expect(hook.reviews.map((review) => stringAt(review, 'object', 'metadata', 'labels', 'last'))).toEqual([
      undefined,
      undefined,
      'yes',
    ]);
  });
});

describe('matching', () => {
  it('keeps to rules, object selector and namespace selector', async () => {
    await t.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'exempt', labels: { 'skip-hook': 'true' } },
    });
    const namespaceSelector = { matchExpressions: [{ key: 'skip-hook', operator: 'DoesNotExist' }] };
    await configure(
      mutating,
      'm',
      webhook('m', { namespaceSelector, objectSelector: { matchLabels: { hook: 'on' } } }),
    );
    const labelled = (name: string): JsonObject => ({ ...pod(name), metadata: { name, labels: { hook: 'on' } } });
    await t.call('POST', '/api/v1/namespaces/exempt/pods', labelled('a'));
    await t.call('POST', paths.configMaps, configMap('b', {}, { hook: 'on' }));
    await create(pod('c'));
    expect(hook.reviews).toHaveLength(0);
    await create(labelled('d'));
    expect(hook.reviews).toHaveLength(1);
  });

  it('sees subresources only when a rule names them', async () => {
    await create(pod('sub'));
    const rules = (resources: string[]): JsonObject[] => [
      { operations: ['UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources },
    ];
    await configure(validating, 'plain', webhook('plain', { rules: rules(['pods', 'pods/resize']) }));
    await t.patch('merge', `${paths.pods}/sub/status`, { status: { phase: 'Running' } });
    expect(hook.reviews).toHaveLength(0);
    await configure(validating, 'status', webhook('status', { rules: rules(['pods/*']) }));
    await t.patch('merge', `${paths.pods}/sub/status`, { status: { phase: 'Failed' } });
    expect(hook.reviews.map((review) => review['subResource'])).toEqual(['status']);
  });
});

describe('bindings', () => {
  const bind = (name: string): ReturnType<TestApi['call']> =>
    t.call('POST', `${paths.pods}/${name}/binding`, { metadata: { name }, target: { kind: 'Node', name: 'n' } });
  const rule = (operation: string, resource: string): JsonObject[] => [
    { operations: [operation], apiGroups: [''], apiVersions: ['v1'], resources: [resource] },
  ];

  it('are no updates of a Pod to webhooks', async () => {
    await create(pod('placed'));
    hook.respond = () => ({ allowed: false });
    await configure(validating, 'updates', webhook('updates', { rules: rule('UPDATE', 'pods') }));
    expect((await bind('placed')).code).toBe(201);
  });

  it('are reviewed as what they are', async () => {
    await create(pod('reviewed'));
    await configure(validating, 'wide', webhook('wide', { rules: rule('CREATE', 'pods/*') }));
    expect((await bind('reviewed')).code).toBe(201);
    expect(hook.reviews[0]).toMatchObject({
      kind: { kind: 'Binding' },
      subResource: 'binding',
      object: { kind: 'Binding', target: { name: 'n' } },
    });
  });

  it('cannot be changed by webhooks', async () => {
    await create(pod('changed'));
    hook.respond = () => patchOf([{ op: 'replace', path: '/target/name', value: 'm' }]);
    await configure(mutating, 'wide', webhook('wide', { rules: rule('CREATE', 'pods/binding') }));
    expect((await bind('changed')).code).toBe(501);
  });
});

describe('validating webhooks', () => {
  it('refuse with their own words and code, introduced by their name', async () => {
    hook.respond = () => ({
      allowed: false,
      status: { code: 403, reason: 'Forbidden', message: 'no such group sg-1' },
    });
    await configure(validating, 'v', webhook('v'));
    const { code, body } = await create(pod('refused'));
    expect([code, body['message']]).toEqual([
      403,
      'admission webhook "v.example.com" denied the request: no such group sg-1',
    ]);
  });

  it('refuse deletions, with the old object to look at', async () => {
    await create(pod('protected'));
    hook.respond = () => ({ allowed: false });
    await configure(
      validating,
      'v',
      webhook('v', { rules: [{ operations: ['DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] }),
    );
    const { code, body } = await t.call('DELETE', `${paths.pods}/protected`);
    expect([code, body['message']]).toEqual([
      400,
      'admission webhook "v.example.com" denied the request without explanation',
    ]);
    expect(hook.reviews[0]).toMatchObject({ object: null, oldObject: { metadata: { name: 'protected' } } });
  });

  it('pass warnings on to the client', async () => {
    hook.respond = () => ({ allowed: true, warnings: ['groups written by hand were removed'] });
    await configure(validating, 'v', webhook('v'));
    expect((await create(pod('warned'))).headers['warning']).toBe('299 - "groups written by hand were removed"');
  });
});

describe('failures', () => {
  const down = (): void => {
    resolvesTo = { host: '127.0.0.1', port: 1 };
  };

  it('refuse the write when the policy is Fail', async () => {
    down();
    await configure(mutating, 'f', webhook('f'));
    const { code, body } = await create(pod('failed'));
    expect(code).toBe(500);
    expect(body['message']).toMatch(
      /^Internal error occurred: failed calling webhook "f\.example\.com": failed to call webhook: Post "https:\/\/hook\.default\.svc:443\/f\?timeout=10s": .*connection refused$/,
    );
  });

  it('let the write pass when the policy is Ignore', async () => {
    down();
    await configure(mutating, 'i', webhook('i', { failurePolicy: 'Ignore' }));
    expect((await create(pod('ignored'))).code).toBe(201);
  });

  it('include a Service without endpoints', async () => {
    resolvesTo = undefined;
    await configure(mutating, 'n', webhook('n'));
    expect((await create(pod('nowhere'))).body['message']).toContain('no endpoints available for service "hook"');
  });

  it('include a certificate of another authority', async () => {
    const { caPem } = await createServingCertificates(new Date(), ['hook.default.svc']);
    const clientConfig = {
      service: { namespace: 'default', name: 'hook' },
      caBundle: Buffer.from(caPem).toString('base64'),
    };
    await configure(mutating, 'c', webhook('c', { clientConfig }));
    const { code, body } = await create(pod('untrusted'));
    expect(code).toBe(500);
    expect(body['message']).toContain('failed to verify certificate');
  });

  it('include an answer that is none', async () => {
    hook.respond = () => ({ uid: 'another', allowed: true });
    await configure(mutating, 'u', webhook('u'));
    expect((await create(pod('confused'))).body['message']).toContain(
      'received invalid webhook response: expected response.uid',
    );
  });
});

describe('configurations', () => {
  it('keep webhooks out by their conditions', async () => {
    const matchConditions = [{ name: 'loud', expression: "object.metadata.name.startsWith('loud')" }];
    await configure(mutating, 'x', webhook('x', { matchConditions }));
    await create(pod('quiet'));
    await create(pod('loud'));
    expect(hook.reviews.map((review) => review['name'])).toEqual(['loud']);
  });

  it('that are incomplete or cannot be compiled are refused', async () => {
    const withConditions = webhook('x', { matchConditions: [{ name: 'a', expression: 'object.' }] });
    const object = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'x' },
    };
    expect((await t.call('POST', mutating, { ...object, webhooks: [withConditions] })).body['message']).toContain(
      'webhooks[0].matchConditions[0].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8:',
    );
    const { sideEffects: _sideEffects, ...incomplete } = webhook('x');
    const { code, body } = await t.call('POST', mutating, { ...object, webhooks: [incomplete] });
    expect(code).toBe(422);
    expect(body['message']).toContain(
      'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
    );
  });
});

describe('connections to Pods', () => {
  const connects = (...resources: string[]): JsonObject => ({
    rules: [{ operations: ['CONNECT'], apiGroups: [''], apiVersions: ['v1'], resources }],
  });
  const exec = `${paths.pods}/ghost/exec?command=rm&command=-r&container=c&stdin=1&stdout=1&tty=false`;

  it('are refused by a webhook for them, which is told what is asked for, before the Pod is looked for', async () => {
    hook.respond = () => ({ allowed: false, status: { message: 'no shells here', code: 403, reason: 'Forbidden' } });
    await configure(validating, 'no-shells', webhook('no-shells', connects('pods/exec')));
    const refused = await t.call('GET', exec);
    expect([refused.code, refused.body['message']]).toEqual([
      403,
      'admission webhook "no-shells.example.com" denied the request: no shells here',
    ]);
    expect(hook.reviews).toMatchObject([
      {
        kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        subResource: 'exec',
        name: 'ghost',
        namespace: 'default',
        operation: 'CONNECT',
        oldObject: null,
        options: null,
      },
    ]);
    expect(hook.reviews[0]?.['object']).toEqual({
      apiVersion: 'v1',
      kind: 'PodExecOptions',
      stdin: true,
      stdout: true,
      container: 'c',
      command: ['rm', '-r'],
    });
    expect((await t.call('GET', `${paths.pods}/ghost/portforward?ports=80`)).code).toBe(404);
  });

  it('go on where nobody objects, and are no matter for webhooks of Pods', async () => {
    await configure(validating, 'forward', webhook('forward', connects('pods/portforward')));
    await configure(mutating, 'pods', webhook('pods', connects('pods')));
    expect((await t.call('GET', exec)).code).toBe(404);
    expect(hook.reviews).toEqual([]);
    expect((await t.call('GET', `${paths.pods}/ghost/portforward?ports=80`)).code).toBe(404);
    expect(hook.reviews[0]?.['object']).toEqual({ apiVersion: 'v1', kind: 'PodPortForwardOptions', ports: [80] });
  });
});
