// Tokens of ServiceAccounts: what they say, whom they are for, and when they end.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';

const TOKENS = 'lab/kube/apiserver/access/tokens.ts';
const BOUND = 'lab/kube/apiserver/access/bound-object.ts';
const REQUEST = 'lab/kube/apiserver/operations/token-request.ts';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const DOCS = 'docs: reference/access-authn-authz/service-accounts-admin';

async function makeAccount(t: ParityContext, name: string): Promise<string> {
  return (await t.http.ok('POST', `${t.core}/serviceaccounts`, { metadata: { name } }))['metadata'].uid;
}

const tokenOf = async (t: ParityContext, name: string, spec: object = {}): Promise<string> =>
  (await t.http.ok('POST', `${t.core}/serviceaccounts/${name}/token`, { spec }))['status'].token;

const part = (token: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'));

const isAccepted = async (t: ParityContext, token: string): Promise<boolean> =>
  (await t.http.get('/apis', { token })).code === 200;

/** A real server forgets what it knows of a token after 10 s, which is longer than one wait. */
async function untilRefused(t: ParityContext, token: string): Promise<void> {
  const wait = (): Promise<unknown> =>
    t.until('the token to be refused', async () => ((await isAccepted(t, token)) ? undefined : true));
  await wait().catch(wait);
}

export const authenticationTokenCases: readonly ParityCase[] = [
  {
    id: 'authentication/token-claims',
    title: 'A requested token says who it is, for whom and until when, and the request says so too',
    source: `${DOCS}, "Bound service account tokens"; source: pkg/serviceaccount/claims.go`,
    mutation: { file: TOKENS, find: 'exp: now + lifetimeSeconds,', replace: 'exp: now + 3600,' },
    run: async (t) => {
      const uid = await makeAccount(t, 'a');
      const made = await t.http.ok('POST', `${t.core}/serviceaccounts/a/token`, { spec: { expirationSeconds: 1200 } });
      assert.equal(made['kind'], 'TokenRequest');
      assert.deepEqual(made['spec'].audiences, [ISSUER]);
      assert.equal(made['spec'].expirationSeconds, 1200);
      const { iat, nbf, exp, jti: _jti, ...claims } = part(made['status'].token, 1);
      assert.deepEqual(claims, {
        aud: [ISSUER],
        iss: ISSUER,
        'kubernetes.io': { namespace: t.namespace, serviceaccount: { name: 'a', uid } },
        sub: `system:serviceaccount:${t.namespace}:a`,
      });
      assert.deepEqual([Number(exp) - Number(iat), nbf], [1200, iat]);
      const ends = Date.parse(made['status'].expirationTimestamp) / 1000;
      assert.ok(Math.abs(ends - Number(exp)) <= 1);
    },
  },
  {
    id: 'authentication/token-identity',
    title: 'A token makes its bearer the ServiceAccount, in the groups of its namespace and of all accounts',
    source: 'docs: reference/access-authn-authz/authentication, "Service account tokens"',
    mutation: {
      file: 'lab/kube/apiserver/access/user.ts',
      find: "'system:serviceaccounts',",
      replace: "'system:accounts',",
    },
    run: async (t) => {
      const uid = await makeAccount(t, 'a');
      const { status } = await t.http.ok('POST', REVIEWS, { spec: { token: await tokenOf(t, 'a') } });
      const { extra: _extra, ...user } = status.user;
      assert.deepEqual(user, {
        username: `system:serviceaccount:${t.namespace}:a`,
        uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${t.namespace}`, 'system:authenticated'],
      });
      assert.deepEqual([status.authenticated, status.audiences], [true, [ISSUER]]);
    },
  },
  {
    id: 'authentication/token-audiences',
    title: 'A token is good for its audiences only; a review answers with those that were asked for and meant',
    source: `${DOCS}; docs: reference/kubernetes-api/authentication-resources/token-review-v1`,
    mutation: {
      file: TOKENS,
      find: 'const shared = own.filter((audience) => audiences.includes(audience));',
      replace: 'const shared = own.filter((audience) => audience !== audiences[9]);',
    },
    run: async (t) => {
      await makeAccount(t, 'a');
      const token = await tokenOf(t, 'a', { audiences: ['vault', 'bank'] });
      assert.equal(await isAccepted(t, token), false);
      const review = async (audiences?: string[]): Promise<Record<string, unknown>> =>
        (await t.http.ok('POST', REVIEWS, { spec: { token, audiences } }))['status'];
      assert.deepEqual((await review(['bank', 'shop']))['audiences'], ['bank']);
      assert.deepEqual(await review(['shop']), {
        user: {},
        error: '[invalid bearer token, token audiences ["vault" "bank"] is invalid for the target audiences ["shop"]]',
      });
      assert.equal((await review())['authenticated'], undefined);
      assert.deepEqual((await t.http.ok('POST', REVIEWS, { spec: { token: 'nobody-has-this' } }))['status'], {
        user: {},
        error: 'invalid bearer token',
      });
      const empty = await t.http.call('POST', REVIEWS, { spec: {} });
      assert.deepEqual(
        [empty.code, empty.body['message']],
        [400, 'token is required for TokenReview in authentication'],
      );
    },
  },
  {
    id: 'authentication/token-ends-with-account',
    title: 'A token ends with its ServiceAccount, also when one of the same name follows',
    source:
      'conformance: [sig-auth] ServiceAccounts "should mount an API token into pods"; source: pkg/serviceaccount/claims.go, Validate',
    mutation: {
      file: BOUND,
      find: 'if (object === undefined || object.metadata.uid !== uid) return false;',
      replace: 'if (object === undefined) return false;',
    },
    run: async (t) => {
      await makeAccount(t, 'a');
      const token = await tokenOf(t, 'a');
      await t.http.ok('DELETE', `${t.core}/serviceaccounts/a`);
      await makeAccount(t, 'a');
      await untilRefused(t, token);
    },
  },
  {
    id: 'authentication/token-bound-to-pod',
    title: 'A token bound to a Pod names it, and ends with it',
    source: `${DOCS}, "Bound service account tokens"; source: pkg/registry/core/serviceaccount/storage/token.go`,
    mutation: {
      file: BOUND,
      find: 'if (name !== undefined) extra[`authentication.kubernetes.io/${kind}-name`] = [name];',
      replace: 'void name;',
    },
    run: async (t) => {
      await makeAccount(t, 'a');
      const pod = await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'a' },
        // No token is mounted: older releases would wait for a Secret first.
        spec: {
          serviceAccountName: 'a',
          automountServiceAccountToken: false,
          schedulerName: 'nobody',
          containers: [{ name: 'app', image: 'example.com/app' }],
        },
      });
      const { uid } = pod['metadata'];
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'a' };
      const token = await tokenOf(t, 'a', { boundObjectRef });
      const details = part(token, 1)['kubernetes.io'] as Record<string, unknown>;
      assert.deepEqual(details['pod'], { name: 'a', uid });
      const { extra } = (await t.http.ok('POST', REVIEWS, { spec: { token } }))['status'].user;
      assert.deepEqual(extra['authentication.kubernetes.io/pod-name'], ['a']);
      assert.deepEqual(extra['authentication.kubernetes.io/pod-uid'], [uid]);
      const wrong = await t.http.call('POST', `${t.core}/serviceaccounts/a/token`, {
        spec: { boundObjectRef: { ...boundObjectRef, uid: 'another' } },
      });
      assert.deepEqual(
        [wrong.code, wrong.body['reason'], wrong.body['details']],
        [409, 'Conflict', { name: 'a', kind: 'Pod' }],
      );
      const absent = await t.http.call('POST', `${t.core}/serviceaccounts/a/token`, {
        spec: { boundObjectRef: { ...boundObjectRef, name: 'b' } },
      });
      assert.deepEqual([absent.code, absent.body['message']], [404, 'pods "b" not found']);
      const foreign = await t.http.call('POST', `${t.core}/serviceaccounts/default/token`, {
        spec: { boundObjectRef },
      });
      assert.deepEqual(
        [foreign.code, foreign.body['message']],
        [400, 'cannot bind token for serviceaccount "default" to pod running with different serviceaccount name.'],
      );
      await t.http.ok('DELETE', `${t.core}/pods/a?gracePeriodSeconds=0`);
      await untilRefused(t, token);
    },
  },
  {
    id: 'authentication/token-bound-to-secret',
    title: 'A token can be bound to a Secret, and to no other kinds than Kubernetes names',
    source: 'source: pkg/registry/core/serviceaccount/storage/token.go',
    mutation: {
      file: BOUND,
      find: "export const boundKinds = ['Pod', 'Secret', 'Node'] as const;",
      replace: "export const boundKinds = ['Pod', 'Secret', 'Node', 'ConfigMap'] as const;",
    },
    run: async (t) => {
      await makeAccount(t, 'a');
      const { metadata } = await t.http.ok('POST', `${t.core}/secrets`, { metadata: { name: 's' } });
      const token = await tokenOf(t, 'a', { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 's' } });
      const details = part(token, 1)['kubernetes.io'] as Record<string, unknown>;
      assert.deepEqual(details['secret'], { name: 's', uid: metadata.uid });
      const refused = async (reference: object): Promise<unknown[]> => {
        const { code, body } = await t.http.call('POST', `${t.core}/serviceaccounts/a/token`, {
          spec: { boundObjectRef: reference },
        });
        return [code, body['message']];
      };
      assert.deepEqual(await refused({ apiVersion: 'v1', kind: 'ConfigMap', name: 's' }), [
        400,
        'cannot bind token to object of type /v1, Kind=ConfigMap',
      ]);
      assert.deepEqual(await refused({ apiVersion: 'apps/v1', kind: 'Deployment', name: 's' }), [
        400,
        'cannot bind token to object of type apps/v1, Kind=Deployment',
      ]);
      await t.http.ok('DELETE', `${t.core}/secrets/s`);
      await untilRefused(t, token);
    },
  },
  {
    id: 'authentication/token-bound-to-pod-on-node',
    title: 'A token bound to a Pod on a node names the node, and has an id of its own',
    source: `${DOCS}, "Schema for service account private claims"`,
    since: '1.30',
    mutation: {
      file: REQUEST,
      find: "return nodeName === '' ? { bound } : { bound, node: nodeReference(core, nodeName) };",
      replace: 'return nodeName === nodeReference.name ? {} : { bound };',
    },
    run: async (t) => {
      const node = t.unique('node');
      const { metadata } = await t.http.ok('POST', '/api/v1/nodes', { metadata: { name: node } });
      t.defer(() => t.http.call('DELETE', `/api/v1/nodes/${node}`));
      await t.http.ok('POST', `${t.core}/pods`, {
        metadata: { name: 'a' },
        spec: { nodeName: node, containers: [{ name: 'app', image: 'example.com/app' }] },
      });
      t.defer(() => t.http.call('DELETE', `${t.core}/pods/a?gracePeriodSeconds=0`));
      const token = await tokenOf(t, 'default', { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'a' } });
      const claims = part(token, 1);
      assert.deepEqual((claims['kubernetes.io'] as Record<string, unknown>)['node'], { name: node, uid: metadata.uid });
      const { extra } = (await t.http.ok('POST', REVIEWS, { spec: { token } }))['status'].user;
      assert.deepEqual(extra['authentication.kubernetes.io/node-name'], [node]);
      assert.deepEqual(extra['authentication.kubernetes.io/node-uid'], [metadata.uid]);
      assert.deepEqual(extra['authentication.kubernetes.io/credential-id'], [`JTI=${String(claims['jti'])}`]);
    },
  },
  {
    id: 'authentication/token-lifetime',
    title: 'A token lives for at least ten minutes and at most 2^32 seconds',
    source: 'source: pkg/apis/authentication/validation/validation.go',
    mutation: { file: REQUEST, find: 'const MIN_SECONDS = 600;', replace: 'const MIN_SECONDS = 60;' },
    run: async (t) => {
      const refused = async (expirationSeconds: number): Promise<unknown> =>
        (await t.http.call('POST', `${t.core}/serviceaccounts/default/token`, { spec: { expirationSeconds } })).body[
          'message'
        ];
      const about = 'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value:';
      assert.equal(await refused(599), `${about} 599: may not specify a duration less than 10 minutes`);
      assert.equal(
        await refused(2 ** 32 + 1),
        `${about} 4294967297: may not specify a duration larger than 2^32 seconds`,
      );
      const nobody = await t.http.call('POST', `${t.core}/serviceaccounts/nobody/token`, { spec: {} });
      assert.deepEqual([nobody.code, nobody.body['message']], [404, 'serviceaccounts "nobody" not found']);
      assert.equal((await t.http.get(`${t.core}/serviceaccounts/default/token`)).code, 405);
    },
  },
  {
    id: 'authentication/issuer-discovery',
    title: 'Anybody who reads the issuer’s documents can verify a token without the server',
    source:
      'conformance: [sig-auth] ServiceAccounts "ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer"',
    mutation: { file: TOKENS, find: "kid: keyId, alg: 'ES256' }] }),", replace: "kid: 'another', alg: 'ES256' }] })," },
    run: async (t) => {
      await makeAccount(t, 'a');
      const token = await tokenOf(t, 'a');
      const issuer = await t.http.get('/.well-known/openid-configuration', { token });
      assert.equal(issuer.code, 200);
      const { jwks_uri: jwksUri, ...rest } = issuer.body;
      const header = part(token, 0);
      assert.deepEqual(rest, {
        issuer: ISSUER,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [header['alg']],
      });
      const jwks = await t.http.get(new URL(jwksUri).pathname, { token });
      assert.equal(jwks.headers['content-type'], 'application/jwk-set+json');
      const jwk = jwks.body['keys'].find((key: { kid: string }) => key.kid === header['kid']);
      assert.deepEqual([jwk.use, jwk.alg], ['sig', header['alg']]);
      const [head, body, signature = ''] = token.split('.');
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const form = header['alg'] === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
      assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), form, Buffer.from(signature, 'base64url')));
    },
  },
];
