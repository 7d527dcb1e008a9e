// The forms of answers: tables, discovery, OpenAPI, handed-over sockets.
import { connect as connectTls } from 'node:tls';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAt, objectAt, objectsAt } from '../json.ts';
import { paths, pod } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

let t: TestApi;
const table = {
  accept:
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
};
beforeAll(async () => {
  t = await startTestApi();
  await t.call('POST', paths.pods, pod('shown'));
});
afterAll(() => t.close());

describe('tables', () => {
  it('show a Pod as kubectl prints it', async () => {
    const { body } = await t.call('GET', paths.pods, undefined, { headers: table });
    expect(objectsAt(body, 'columnDefinitions').map((column) => column['name'])).toEqual([
      'Name',
      'Ready',
      'Status',
      'Restarts',
      'Age',
      'IP',
      'Node',
      'Nominated Node',
      'Readiness Gates',
    ]);
    expect(objectsAt(body, 'rows')[0]).toMatchObject({
      cells: ['shown', '0/1', 'Pending', '0', '0s', '<none>', '<none>', '<none>', '<none>'],
      object: { kind: 'PartialObjectMetadata', metadata: { name: 'shown' } },
    });
  });

  it('say why a container waits, and that a Pod is going', async () => {
    const waiting = {
      status: {
        phase: 'Running',
        containerStatuses: [
          { name: 'app', ready: false, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    };
    await t.call('POST', paths.pods, pod('crashing'));
    await t.patch('merge', `${paths.pods}/crashing/status`, waiting);
    const { body } = await t.call('GET', `${paths.pods}/crashing`, undefined, { headers: table });
    expect(objectsAt(body, 'rows')[0]?.['cells']).toEqual([
      'crashing',
      '0/1',
      'CrashLoopBackOff',
      '2',
      '0s',
      '<none>',
      '<none>',
      '<none>',
      '<none>',
    ]);
    await t.patch('merge', `${paths.pods}/crashing`, { metadata: { finalizers: ['example.com/hold'] } });
    await t.call('DELETE', `${paths.pods}/crashing`);
    const going = (await t.call('GET', `${paths.pods}/crashing`, undefined, { headers: table })).body;
    expect(listAt(objectsAt(going, 'rows')[0], 'cells')[2]).toBe('Terminating');
  });

  it('send their columns with the first event of a watch only', async () => {
    const watch = await t.watch(`${paths.pods}?watch=1`, { headers: table });
    const first = await watch.next();
    const second = await watch.next();
    expect(objectsAt(first, 'object', 'columnDefinitions').length).toBeGreaterThan(0);
    expect(objectAt(second, 'object')['columnDefinitions']).toBeNull();
    watch.close();
  });
});

describe('documents', () => {
  it('name every resource with its verbs, short names and subresources', async () => {
    const { body } = await t.call('GET', '/api/v1');
    const resources = objectsAt(body, 'resources');
    expect(resources.find((resource) => resource['name'] === 'pods')).toMatchObject({
      kind: 'Pod',
      namespaced: true,
      shortNames: ['po'],
      categories: ['all'],
    });
    expect(resources.find((resource) => resource['name'] === 'serviceaccounts/token')).toMatchObject({
      kind: 'TokenRequest',
      verbs: ['create'],
    });
    const groups = objectsAt((await t.call('GET', '/apis')).body, 'groups').map((group) => group['name']);
    expect(groups).toEqual(expect.arrayContaining(['apps', 'authorization.k8s.io', 'coordination.k8s.io']));
  });

  it('tell clients that the server validates fields itself', async () => {
    const index = (await t.call('GET', '/openapi/v3')).body;
    expect(objectAt(index, 'paths', 'apis/apps/v1')['serverRelativeURL']).toMatch(
      /^\/openapi\/v3\/apis\/apps\/v1\?hash=/,
    );
    const { body } = await t.call('GET', '/openapi/v3/apis/apps/v1');
    const patch = objectAt(body, 'paths', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}', 'patch');
    expect(objectsAt(patch, 'parameters').map((parameter) => parameter['name'])).toContain('fieldValidation');
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: 'apps', version: 'v1', kind: 'Deployment' });
  });

  it('refer to nothing that is not in them', async () => {
    const { text, body } = await t.call('GET', '/openapi/v3/api/v1');
    const known = Object.keys(objectAt(body, 'components', 'schemas'));
    const references = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
    expect(references.length).toBeGreaterThan(100);
    expect([...new Set(references)].filter((name) => name !== undefined && !known.includes(name))).toEqual([]);
  });
});

describe('requests', () => {
  it('over 3 MB are refused', async () => {
    const { code } = await t.call('POST', paths.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'big' },
      data: { x: 'y'.repeat(4_000_000) },
    });
    expect(code).toBe(413);
  });

  it('for a form that is not served are refused', async () => {
    const { code } = await t.call('GET', paths.pods, undefined, {
      headers: { accept: 'application/vnd.kubernetes.protobuf' },
    });
    expect(code).toBe(406);
  });
});

describe('connections accepted elsewhere', () => {
  it('are served with the same certificate', async () => {
    const front = createServer((socket) => t.api.accept(socket));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const raw = connect((front.address() as AddressInfo).port, '127.0.0.1');
    const socket = connectTls({ socket: raw, ca: t.api.caPem, servername: 'kubernetes.default.svc' });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    const { token } = t.api.adminConnection().auth;
    socket.write(
      `GET /readyz HTTP/1.1\r\nHost: kubernetes.default.svc\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*ok$/);
    front.close();
  });

  it('end when the server closes', async () => {
    const other = await startTestApi();
    const front = createServer((socket) => other.api.accept(socket));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const raw = connect((front.address() as AddressInfo).port, '127.0.0.1');
    const ended = new Promise<void>((resolve) => raw.once('close', () => resolve()));
    await new Promise<void>((resolve) => front.once('connection', () => resolve()));
    await other.close();
    await ended;
    front.close();
  });
});
