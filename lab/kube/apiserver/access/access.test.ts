// Who may do what: tokens, RBAC, impersonation, reviews.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPublicKey, verify } from 'node:crypto';
import { objectAt, objectsAt, stringAt } from '../json.ts';
import { paths, pod } from '../testing/objects.ts';
import type { TestApi } from '../testing/test-api.ts';
import { startTestApi } from '../testing/test-api.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const accounts = '/api/v1/namespaces/default/serviceaccounts';
let t: TestApi;
let reader: string;

beforeAll(async () => {
  t = await startTestApi();
  await t.call('POST', accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader' } });
  reader = t.api.issueToken('default', 'reader');
  await t.call('POST', `${RBAC}/namespaces/default/roles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'pod-reader' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'], verbs: ['get'] },
    ],
  });
  await t.call('POST', `${RBAC}/namespaces/default/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'pod-reader' },
    roleRef: { kind: 'Role', name: 'pod-reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
  });
});
afterAll(() => t.close());

describe('RBAC', () => {
  it('allows what a role says and words every refusal as Kubernetes does', async () => {
    expect((await t.call('GET', paths.pods, undefined, { token: reader })).code).toBe(200);
    const namespaced = await t.call('POST', paths.pods, pod('x'), { token: reader });
    expect(namespaced.code).toBe(403);
    expect(namespaced.body['message']).toBe(
      'pods is forbidden: User "system:serviceaccount:default:reader" cannot create resource "pods" in API group "" in the namespace "default"',
    );
    const cluster = await t.call('GET', '/api/v1/nodes', undefined, { token: reader });
    expect(cluster.body['message']).toBe(
      'nodes is forbidden: User "system:serviceaccount:default:reader" cannot list resource "nodes" in API group "" at the cluster scope',
    );
  });

  it('keeps to the names and the subresources of a rule', async () => {
    const get = (path: string): Promise<number> =>
      t.call('GET', path, undefined, { token: reader }).then(({ code }) => code);
    expect(await get(`${paths.configMaps}/one`)).toBe(404);
    expect(await get(`${paths.configMaps}/two`)).toBe(403);
    expect((await t.patch('merge', `${paths.pods}/x/status`, {}, { token: reader })).code).toBe(403);
  });

  it('treats watch as a verb of its own', async () => {
    expect((await t.call('GET', `${paths.pods}?watch=1`, undefined, { token: reader })).code).toBe(403);
  });

  it('opens discovery to whoever is known, and to nobody else', async () => {
    expect((await t.call('GET', '/apis', undefined, { token: reader })).code).toBe(200);
    expect((await t.call('GET', '/apis', undefined, { token: '' })).code).toBe(401);
  });

  it('forgets a binding at once', async () => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'temporary' },
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', name: 'system:serviceaccounts:default' }],
    };
    await t.call('POST', `${RBAC}/clusterrolebindings`, binding);
    expect((await t.call('GET', '/api/v1/nodes', undefined, { token: reader })).code).toBe(200);
    await t.call('DELETE', `${RBAC}/clusterrolebindings/temporary`);
    expect((await t.call('GET', '/api/v1/nodes', undefined, { token: reader })).code).toBe(403);
  });
});

describe('tokens', () => {
  it('of nobody are refused with 401, and so is having none', async () => {
    expect((await t.call('GET', paths.pods, undefined, { token: 'wrong' })).code).toBe(401);
    const { code, body } = await t.call('GET', paths.pods, undefined, { token: '' });
    expect([code, body['message']]).toEqual([401, 'Unauthorized']);
  });

  it('end with their ServiceAccount, also when one of the same name comes back', async () => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'brief' } };
    await t.call('POST', accounts, account);
    const token = t.api.issueToken('default', 'brief');
    expect((await t.call('GET', '/apis', undefined, { token })).code).toBe(200);
    await t.call('DELETE', `${accounts}/brief`);
    await t.call('POST', accounts, account);
    expect((await t.call('GET', '/apis', undefined, { token })).code).toBe(401);
  });

  it('that are requested end in time and can be bound to a Pod', async () => {
    await t.call('POST', paths.pods, pod('holder', { serviceAccountName: 'reader' }));
    const { code, body } = await t.call('POST', `${accounts}/reader/token`, {
      spec: { expirationSeconds: 600, boundObjectRef: { kind: 'Pod', name: 'holder' } },
    });
    expect(code).toBe(201);
    const token = stringAt(body, 'status', 'token') ?? '';
    expect((await t.call('GET', '/apis', undefined, { token })).code).toBe(200);
    await t.call('DELETE', `${paths.pods}/holder`);
    expect((await t.call('GET', '/apis', undefined, { token })).code).toBe(401);
  });

  it('expire', async () => {
    const { body } = await t.call('POST', `${accounts}/reader/token`, { spec: { expirationSeconds: 600 } });
    const token = stringAt(body, 'status', 'token') ?? '';
    await t.clock.advance(601_000);
    expect((await t.call('GET', '/apis', undefined, { token })).code).toBe(401);
  });

  it('for another audience do not open this server, and carry a signature that anybody can check', async () => {
    const { body } = await t.call('POST', `${accounts}/reader/token`, { spec: { audiences: ['sts.cloud'] } });
    const token = stringAt(body, 'status', 'token') ?? '';
    expect((await t.call('GET', '/apis', undefined, { token })).code).toBe(401);
    const keys = objectsAt((await t.call('GET', '/openid/v1/jwks')).body, 'keys');
    const [head, claims, signature = ''] = token.split('.');
    const key = createPublicKey({ key: { ...keys[0] }, format: 'jwk' });
    const valid = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    expect(valid).toBe(true);
  });

  it('cannot be issued without a ServiceAccount', () => {
    expect(() => t.api.issueToken('default', 'nobody')).toThrow('serviceaccounts "nobody" not found');
  });
});

describe('reviews', () => {
  it('tell who a token is', async () => {
    const { body } = await t.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: reader } });
    expect(objectAt(body, 'status')).toMatchObject({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:reader',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    });
  });

  it('tell what one may do oneself, and what another may', async () => {
    const attributes = { verb: 'list', resource: 'pods', namespace: 'default' };
    const self = await t.call(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      { spec: { resourceAttributes: { ...attributes, verb: 'delete' } } },
      { token: reader },
    );
    expect(self.body['status']).toEqual({ allowed: false });
    const other = await t.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user: 'system:serviceaccount:default:reader', resourceAttributes: attributes },
    });
    expect(other.body['status']).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by RoleBinding "pod-reader/default" of Role "pod-reader" to ServiceAccount "reader/default"',
    });
  });
});

describe('impersonation', () => {
  const as = (name: string, token?: string): Promise<number> =>
    t
      .call('GET', paths.pods, undefined, {
        headers: { 'impersonate-user': name },
        ...(token === undefined ? {} : { token }),
      })
      .then(({ code }) => code);

  it('gives the rights of the other and no more', async () => {
    expect(await as('system:serviceaccount:default:reader')).toBe(200);
    expect(await as('somebody')).toBe(403);
  });

  it('is not for everybody', async () => {
    expect(await as('somebody', reader)).toBe(403);
  });
});
