// Whatever comes in, the server answers in a form that a client understands, and stays up.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../../../src/base/logger.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { isObject } from '../json.ts';
import type { Received, Sent } from '../testing/exchange.ts';
import { exchange, sendBytes } from '../testing/exchange.ts';
import { configMap, deployment, paths, pod } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

let t: TestApi;
const failures: object[] = [];
const logger: Logger = {
  ...silentLogger,
  error: (fields) => void failures.push(fields),
  child: () => logger,
};

beforeAll(async () => {
  t = await startTestApi({ logger });
  await t.call('POST', paths.configMaps, configMap('a', { x: 'y' }));
});
afterAll(() => t.close());

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];

const names = fc.oneof(
  fc.constantFrom('a', 'kube-system', 'missing', '..', '.', 'A_b', '%2F', '%00', '%25', '__proto__', 'constructor', ''),
  fc.string({ maxLength: 12 }).map(encodeURIComponent),
);
const plurals = fc.constantFrom(
  'configmaps',
  'pods',
  'services',
  'secrets',
  'nodes',
  'namespaces',
  'events',
  'serviceaccounts',
  'persistentvolumes',
  'watch',
  'toString',
);
const subresources = fc.constantFrom(
  '',
  '/status',
  '/scale',
  '/binding',
  '/token',
  '/log',
  '/eviction',
  '/finalize',
  '/x/y',
);
const inCore = fc
  .tuple(fc.constantFrom('/api/v1', '/api/v1/watch', '/api/v2', '/apis/apps/v1'), names, plurals, names, subresources)
  .map(([root, namespace, plural, name, sub]) => `${root}/namespaces/${namespace}/${plural}/${name}${sub}`);
const anyPath = fc.oneof(
  inCore,
  fc.tuple(plurals, names).map(([plural, name]) => `/api/v1/${plural}/${name}`),
  fc.constantFrom(
    paths.configMaps,
    paths.pods,
    '/apis/apps/v1/namespaces/default/deployments',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    '/apis/authentication.k8s.io/v1/tokenreviews',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    '/apis/policy/v1/poddisruptionbudgets',
    '/openapi/v3/api/v1',
    '/openapi/v2',
    '/metrics',
    '/readyz',
    '/apis',
    '/',
  ),
  fc.string({ maxLength: 30 }).map((text) => `/${encodeURI(text).replaceAll('#', '%23')}`),
);

const parameter = fc
  .tuple(
    fc.constantFrom(
      'watch',
      'limit',
      'continue',
      'resourceVersion',
      'resourceVersionMatch',
      'sendInitialEvents',
      'allowWatchBookmarks',
      'timeoutSeconds',
      'labelSelector',
      'fieldSelector',
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
      'propagationPolicy',
      'gracePeriodSeconds',
      'pretty',
      'includeObject',
      'verbose',
      'hash',
    ),
    fc.oneof(
      fc.constantFrom(
        '',
        '0',
        '1',
        'true',
        'false',
        '-1',
        'x',
        'All',
        'Exact',
        'Strict',
        'Orphan',
        'metadata.name=a',
        'a in (b,c)',
      ),
      fc.string({ maxLength: 10 }),
    ),
  )
  .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);

const objects: readonly unknown[] = [
  configMap('b', { x: 'y' }),
  pod('b'),
  deployment('b'),
  { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { name: 'n' } },
  { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
  { spec: { replicas: 1 } },
  [{ op: 'replace', path: '/data/x', value: 'z' }],
  {},
];

/** A valid document with one value put somewhere into it. */
const twisted = fc
  .tuple(fc.constantFrom(...objects), fc.jsonValue({ maxDepth: 2 }), fc.nat())
  .map(([object, value, where]) => {
    const copy: unknown = structuredClone(object);
    let at: unknown = copy;
    for (let step = where; isObject(at) || Array.isArray(at); step = Math.floor(step / 7)) {
      const holder: object = at;
      const keys = Object.keys(holder);
      const key = keys[step % Math.max(1, keys.length)];
      if (key === undefined) break;
      const inside: unknown = Reflect.get(holder, key);
      if (step % 3 === 0 || typeof inside !== 'object' || inside === null) {
        Reflect.set(holder, key, value);
        break;
      }
      at = inside;
    }
    return JSON.stringify(copy);
  });

const bodies = fc.oneof(
  { weight: 4, arbitrary: twisted },
  { weight: 2, arbitrary: fc.json({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '[',
      '{"a":',
      '---\n',
      'a: &a [*a]',
      'a: !!binary x',
      '{'.repeat(5_000),
      '['.repeat(20_000),
      'k8s\0',
    ),
  },
);
const mediaTypes = fc.constantFrom(
  '',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
);
const accepted = fc.constantFrom(
  '',
  '*/*',
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf',
  'text/html;q=,;;=,application/json;q=x',
);

const requests: fc.Arbitrary<Sent> = fc
  .tuple(fc.constantFrom(...methods), anyPath, fc.array(parameter, { maxLength: 3 }), bodies, mediaTypes, accepted)
  .map(([method, path, query, body, type, accept]) => ({
    method,
    path: query.length === 0 ? path : `${path}?${query.join('&')}`,
    headers: {
      ...(type === '' ? {} : { 'content-type': type }),
      ...(accept === '' ? {} : { accept }),
      'content-length': String(Buffer.byteLength(['GET', 'HEAD'].includes(method) ? '' : body)),
    },
    body: ['GET', 'HEAD'].includes(method) ? '' : body,
  }));

function checkForm({ method }: Sent, { code, type, text }: Received): void {
  expect(code).toBeGreaterThanOrEqual(200);
  if (method === 'HEAD' || text === '' || !type.startsWith('application/json')) return;
  const body: unknown = JSON.parse(text);
  if (code < 400 || !isObject(body) || Array.isArray(body['paths'])) return;
  expect(body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code });
  expect(typeof body['message']).toBe('string');
}

describe('the server', () => {
  it('answers every request in a form that clients understand, and never fails unexpectedly', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        failures.length = 0;
        checkForm(sent, await exchange(t.api, sent));
        expect(failures).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect((await t.call('GET', '/readyz')).text).toBe('ok');
  });

  it('answers bytes that are no HTTP with a refusal, or ends the connection', { timeout: 60_000 }, async () => {
    const start = fc.constantFrom(
      '',
      'GET / HTTP/1.1\r\n',
      'POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    );
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (line, rubbish) => {
        const received = await sendBytes(t.api, Buffer.concat([Buffer.from(line, 'latin1'), rubbish]));
        if (received !== '') expect(received).toMatch(/^HTTP\/1\.[01] \d{3} /);
      }),
      { numRuns: 60 },
    );
    expect((await t.call('GET', '/readyz')).text).toBe('ok');
    expect(failures).toEqual([]);
  });

  it('refuses documents that are nested too deeply to be walked', async () => {
    const nested = (levels: number): string =>
      `{"metadata":{"name":"n"},"data":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const send = (levels: number): Promise<Received> =>
      exchange(t.api, {
        method: 'POST',
        path: paths.configMaps,
        headers: { 'content-type': 'application/json' },
        body: nested(levels),
      });
    expect((await send(900)).code).toBe(400);
    expect((await send(5_000)).code).toBe(501);
    expect((await send(50_000)).text).toContain('exceeded max depth');
  });
});
