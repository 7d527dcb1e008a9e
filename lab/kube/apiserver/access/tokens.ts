// Bearer tokens: the administrator's opaque one, and signed ones (JWT, ES256) for ServiceAccounts.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../../src/base/clock.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, numberAt, stringAt, stringsAt } from '../json.ts';
import type { User } from './user.ts';
import { administrator, serviceAccountUser } from './user.ts';

/** The Pod that a token is bound to: it ends with the Pod. */
export interface BoundPod {
  readonly name: string;
  readonly uid: string;
}

export interface TokenRequest {
  readonly serviceAccount: ApiObject;
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  readonly pod?: BoundPod;
}

export interface Tokens {
  readonly adminToken: string;
  readonly issuer: string;
  /** A signed token; `expiresAt` is when it ends. */
  issue(request: TokenRequest): { readonly token: string; readonly expiresAt: Date };
  /** The user of a token; `undefined` when it is not ours, has ended, or its ServiceAccount or Pod is gone. Default audience: the issuer. */
  authenticate(token: string, audiences?: readonly string[]): User | undefined;
  /** The public key as a JSON Web Key Set, for those who verify tokens themselves. */
  jwks(): JsonObject;
}

interface TokenDeps {
  readonly clock: Clock;
  readonly issuer: string;
  readonly findServiceAccount: (namespace: string, name: string) => ApiObject | undefined;
  readonly findPod: (namespace: string, name: string) => ApiObject | undefined;
}

/** Keys are made anew for each server: tokens do not outlive it. */
export function createTokens(deps: TokenDeps): Tokens {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const privateKey = createPrivateKey(pair.privateKey);
  const publicKey = createPublicKey(pair.publicKey);
  const keyId = createHash('sha256').update(pair.publicKey).digest('base64url');
  const adminToken = randomBytes(24).toString('base64url');

  const decode = (token: string): JsonObject | undefined => {
    const [head = '', body = '', signature = '', more] = token.split('.');
    if (signature === '' || more !== undefined) return undefined;
    const signed = verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    if (!signed) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
    return isObject(claims) ? claims : undefined;
  };

  return {
    adminToken,
    issuer: deps.issuer,
    issue({ serviceAccount, audiences, lifetimeSeconds, pod }) {
      const now = Math.floor(deps.clock.now().getTime() / 1000);
      const { name, namespace, uid } = serviceAccount.metadata;
      const claims = {
        aud: audiences.length === 0 ? [deps.issuer] : audiences,
        exp: now + lifetimeSeconds,
        iat: now,
        iss: deps.issuer,
        jti: randomUUID(),
        'kubernetes.io': { namespace, ...(pod === undefined ? {} : { pod }), serviceaccount: { name, uid } },
        nbf: now,
        sub: `system:serviceaccount:${namespace}:${name}`,
      };
      const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({ alg: 'ES256', kid: keyId })}.${part(claims)}`;
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return {
        token: `${text}.${signature.toString('base64url')}`,
        expiresAt: new Date((now + lifetimeSeconds) * 1000),
      };
    },
    authenticate(token, audiences = [deps.issuer]) {
      if (sameText(token, adminToken)) return administrator;
      const claims = decode(token);
      if (claims === undefined) return undefined;
      return serviceAccountOf(claims, audiences, deps);
    },
    jwks: () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: keyId }] }),
  };
}

function serviceAccountOf(claims: JsonObject, audiences: readonly string[], deps: TokenDeps): User | undefined {
  const now = deps.clock.now().getTime() / 1000;
  if ((numberAt(claims, 'exp') ?? 0) <= now || stringAt(claims, 'iss') !== deps.issuer) return undefined;
  if (!stringsAt(claims, 'aud').some((audience) => audiences.includes(audience))) return undefined;
  const details = claims['kubernetes.io'];
  const namespace = stringAt(details, 'namespace') ?? '';
  const name = stringAt(details, 'serviceaccount', 'name') ?? '';
  const account = deps.findServiceAccount(namespace, name);
  const uid = account?.metadata.uid;
  if (uid === undefined || uid !== stringAt(details, 'serviceaccount', 'uid')) return undefined;
  const podName = stringAt(details, 'pod', 'name');
  if (podName === undefined) return serviceAccountUser(namespace, name, uid);
  const podUid = stringAt(details, 'pod', 'uid') ?? '';
  if (deps.findPod(namespace, podName)?.metadata.uid !== podUid) return undefined;
  return serviceAccountUser(namespace, name, uid, {
    'authentication.kubernetes.io/pod-name': [podName],
    'authentication.kubernetes.io/pod-uid': [podUid],
  });
}

function sameText(left: string, right: string): boolean {
  const one = Buffer.from(left);
  const two = Buffer.from(right);
  return one.length === two.length && timingSafeEqual(one, two);
}
