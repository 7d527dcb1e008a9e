// Bearer tokens: the administrator's opaque one, and signed ones (JWT, ES256) for ServiceAccounts.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { Clock } from '../../../../src/base/clock.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { isObject, numberAt, objectAt, stringAt, stringsAt } from '../json.ts';
import type { BoundObject, Find } from './bound-object.ts';
import { boundObjectOf, claimOf, extraOf, isStillThere, pluralOf } from './bound-object.ts';
import type { User } from './user.ts';
import { administrator, serviceAccountUser } from './user.ts';

export interface TokenRequest {
  readonly serviceAccount: ApiObject;
  /** Empty: the server itself. */
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  readonly bound?: BoundObject;
  /** The node of a Pod that the token is bound to; without uid when the Node object is not there. */
  readonly node?: { readonly name: string; readonly uid?: string };
}

/** Who a token stands for, and for whom it speaks among those asked for. */
export type TokenAnswer =
  | { readonly user: User; readonly audiences: readonly string[] }
  /** In the server's words; '' when nothing knows the token at all. */
  | { readonly error: string };

export interface Tokens {
  readonly adminToken: string;
  readonly issuer: string;
  /** A signed token; `expiresAt` is when it ends. */
  issue(request: TokenRequest): { readonly token: string; readonly expiresAt: Date };
  /** Judges a token for any of `audiences`; default: the issuer. */
  review(token: string, audiences?: readonly string[]): TokenAnswer;
  /** The user of a token; `undefined` when it is not ours, has ended, or what it is bound to is gone. */
  authenticate(token: string, audiences?: readonly string[]): User | undefined;
  /** The public key as a JSON Web Key Set, for those who verify tokens themselves. */
  jwks(): JsonObject;
}

interface TokenDeps {
  readonly clock: Clock;
  readonly issuer: string;
  readonly find: Find;
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
  const adminBytes = Buffer.from(adminToken);
  const encoding = 'ieee-p1363';
  const isSigned = createSignatureMemory((text, signature) =>
    verify('sha256', Buffer.from(text), { key: publicKey, dsaEncoding: encoding }, Buffer.from(signature, 'base64url')),
  );

  const review: Tokens['review'] = (token, asked = []) => {
    const audiences = asked.length === 0 ? [deps.issuer] : asked;
    if (isText(token, adminBytes)) {
      const shared = audiences.filter((audience) => audience === deps.issuer);
      return shared.length === 0 ? { error: '' } : { user: administrator, audiences: shared };
    }
    const [head = '', body = '', signature = '', more] = token.split('.');
    const claims = more === undefined ? jsonOf(body) : undefined;
    // A token of another issuer is somebody else's to judge.
    if (claims === undefined || stringAt(claims, 'iss') !== deps.issuer) return { error: '' };
    const isOurs = isSigned(`${head}.${body}`, signature);
    if (!isOurs) return { error: 'go-jose/go-jose: error in cryptographic primitive' };
    return judge(claims, audiences, deps);
  };

  return {
    adminToken,
    issuer: deps.issuer,
    issue(request) {
      const now = Math.floor(deps.clock.now().getTime() / 1000);
      const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({ alg: 'ES256', kid: keyId })}.${part(claimsOf(request, deps.issuer, now))}`;
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: encoding });
      return {
        token: `${text}.${signature.toString('base64url')}`,
        expiresAt: new Date((now + request.lifetimeSeconds) * 1000),
      };
    },
    review,
    authenticate(token, audiences) {
      const answer = review(token, audiences);
      return 'user' in answer ? answer.user : undefined;
    },
    jwks: () => ({ keys: [{ use: 'sig', ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'ES256' }] }),
  };
}

/** Good signatures stay good: those of the tokens in use are not computed with every request, as a real server does not either. */
function createSignatureMemory(
  check: (text: string, signature: string) => boolean,
): (text: string, signature: string) => boolean {
  const good = new Set<string>();
  return (text, signature) => {
    const token = `${text}.${signature}`;
    if (good.has(token)) return true;
    if (!check(text, signature)) return false;
    if (good.size >= MOST_REMEMBERED) good.clear();
    good.add(token);
    return true;
  };
}

const MOST_REMEMBERED = 1_000;

function claimsOf(request: TokenRequest, issuer: string, now: number): JsonObject {
  const { serviceAccount, audiences, lifetimeSeconds, bound, node } = request;
  const { name, namespace, uid } = serviceAccount.metadata;
  const details: JsonObject = { namespace, serviceaccount: { name, uid } };
  if (bound !== undefined) details[claimOf(bound.kind)] = { name: bound.name, uid: bound.uid };
  if (node !== undefined) details['node'] = node;
  return {
    aud: audiences.length === 0 ? [issuer] : audiences,
    exp: now + lifetimeSeconds,
    iat: now,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': Object.fromEntries(Object.entries(details).sort(([one], [other]) => (one < other ? -1 : 1))),
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

/** A token with a good signature: in time, for the right audience, and of things that still exist. */
function judge(claims: JsonObject, audiences: readonly string[], { clock, find }: TokenDeps): TokenAnswer {
  const nowMs = clock.now().getTime();
  const own = stringsAt(claims, 'aud');
  const shared = own.filter((audience) => audiences.includes(audience));
  if (shared.length === 0)
    return {
      error: `token audiences ${goList(own)} is invalid for the target audiences ${goList(audiences)}`,
    };
  if ((numberAt(claims, 'exp') ?? 0) * 1000 <= nowMs) return { error: 'service account token has expired' };
  if ((numberAt(claims, 'nbf') ?? 0) * 1000 > nowMs) return { error: 'service account token is not valid yet' };
  const details = objectAt(claims, 'kubernetes.io');
  const namespace = stringAt(details, 'namespace') ?? '';
  const name = stringAt(details, 'serviceaccount', 'name') ?? '';
  const uid = stringAt(details, 'serviceaccount', 'uid');
  const account = find('serviceaccounts', namespace, name);
  if (account === undefined) return { error: `serviceaccounts ${JSON.stringify(name)} not found` };
  if (!isStillThere(account, uid, nowMs)) return { error: 'service account token has been invalidated' };
  const bound = boundObjectOf(details);
  if (bound !== undefined) {
    const found = find(pluralOf[bound.kind], bound.kind === 'Node' ? undefined : namespace, bound.name);
    if (!isStillThere(found, bound.uid, nowMs)) return { error: 'service account token has been invalidated' };
  }
  const extra = extraOf(details, stringAt(claims, 'jti'));
  return { user: serviceAccountUser(namespace, name, uid ?? '', extra), audiences: shared };
}

const goList = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(' ')}]`;

function jsonOf(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isText(text: string, bytes: Buffer): boolean {
  return Buffer.byteLength(text) === bytes.length && timingSafeEqual(Buffer.from(text), bytes);
}
