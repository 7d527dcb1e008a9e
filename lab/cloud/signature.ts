// Verifies TC3-HMAC-SHA256 as the official clients sign, with their quirks about Host and path.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.ts';

export interface SignedRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** What follows `?`, exactly as sent; signed with GET only. */
  readonly query?: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes received; never a re-serialised object. */
  readonly body: Uint8Array;
}

/** A key pair the account accepts. */
export interface AcceptedCredential {
  readonly secretId: string;
  readonly secretKey: string;
  /** Temporary keys only. */
  readonly token?: string;
  readonly validUntil?: Date;
}

const TOLERANCE_SECONDS = 300;
const AUTHORIZATION =
  /^TC3-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{4}-\d{2}-\d{2})\/([^/,\s]+)\/tc3_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

/** The signing keys of one day are few; more than this many are forgotten together. */
const MAX_SIGNING_KEYS = 1000;

/**
 * Makes the check of one gateway. It returns the key that signed; throws an `AuthFailure.*` ApiError (facts, section 3.4).
 * `find` is asked once for each request; keys end by `now`, timestamps are compared with `clientNow`.
 */
export function createSignatureVerifier<K extends AcceptedCredential>(
  find: (secretId: string) => K | undefined,
): (request: SignedRequest, now: Date, clientNow?: Date) => K {
  const signingKeys = new Map<string, Buffer>();
  const signingKey = (secretKey: string, date: string, service: string): Buffer => {
    const name = `${secretKey}/${date}/${service}`;
    const known = signingKeys.get(name);
    if (known !== undefined) return known;
    if (signingKeys.size >= MAX_SIGNING_KEYS) signingKeys.clear();
    const made = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
    signingKeys.set(name, made);
    return made;
  };
  return (request, now, clientNow = now) => {
    refuseOlderSignatures(request);
    const match = AUTHORIZATION.exec(request.headers['authorization'] ?? '');
    if (match === null)
      throw new ApiError(
        'AuthFailure.InvalidAuthorization',
        'Authorization must be `TC3-HMAC-SHA256 Credential=ID/DATE/SERVICE/tc3_request, SignedHeaders=..., Signature=...`',
      );
    const [, secretId = '', date = '', service = '', signedHeaders = '', signature = ''] = match;
    requireSigned(signedHeaders);
    const timestamp = checkTimestamp(request.headers['x-tc-timestamp'], date, clientNow);
    const credential = find(secretId);
    if (credential === undefined)
      throw new ApiError('AuthFailure.SecretIdNotFound', `secretId ${secretId} does not exist`);
    checkToken(credential, request.headers['x-tc-token'], now);
    const key = signingKey(credential.secretKey, date, service);
    const scope = `${date}/${service}/tc3_request`;
    const payloadHash = hashOfPayload(request);
    const signed = Buffer.from(signature, 'hex');
    for (const host of hostCandidates(request.headers['host'] ?? '')) {
      for (const path of request.path === '/' ? ['/'] : ['/', request.path]) {
        const canonical = canonicalRequest(request, { host, path, signedHeaders, payloadHash });
        const toSign = `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
        if (timingSafeEqual(hmac(key, toSign), signed)) return credential;
      }
    }
    throw new ApiError(
      'AuthFailure.SignatureFailure',
      'the signature does not match; check the secretKey and what was signed (method, path, query, host, content type, body)',
    );
  };
}

/** Signatures of API 2.0 stand among the parameters; they are recognised so that the refusal can say what to do. */
function refuseOlderSignatures(request: SignedRequest): void {
  const { headers, query = '' } = request;
  // What nearly all requests look like has no place for them.
  if (query === '' && headers['content-type'] === 'application/json' && headers['authorization']?.startsWith('TC3-'))
    return;
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const written = `${query}&${isForm && request.body.length < 65_536 ? Buffer.from(request.body).toString('latin1') : ''}`;
  const method = /(?:^|&)SignatureMethod=(\w+)/.exec(written)?.[1] ?? 'HmacSHA1';
  const inHeader = /^(?:HmacSHA1|HmacSHA256|TC2)/i.exec(headers['authorization'] ?? '')?.[0];
  if (inHeader !== undefined || /(?:^|&)Signature=/.test(written))
    throw new ApiError(
      'AuthFailure.InvalidAuthorization',
      `${inHeader ?? method} signatures are not accepted; sign with TC3-HMAC-SHA256 in the header Authorization`,
    );
}

function requireSigned(signedHeaders: string): void {
  const names = signedHeaders.split(';');
  if (!names.includes('host') || !names.includes('content-type'))
    throw new ApiError('AuthFailure.InvalidAuthorization', 'SignedHeaders must name content-type and host');
}

function checkTimestamp(header: string | undefined, date: string, now: Date): string {
  if (header === undefined || !/^\d+$/.test(header))
    throw new ApiError('MissingParameter', 'the header X-TC-Timestamp is required: Unix seconds');
  const seconds = Number(header);
  const skew = Math.abs(seconds - now.getTime() / 1000);
  if (skew > TOLERANCE_SECONDS)
    throw new ApiError(
      'AuthFailure.SignatureExpire',
      `X-TC-Timestamp is ${Math.round(skew)} s away from the server's time; at most ${TOLERANCE_SECONDS} s are allowed`,
    );
  const signedDate = new Date(seconds * 1000).toISOString().slice(0, 10);
  if (signedDate !== date)
    throw new ApiError(
      'AuthFailure.SignatureFailure',
      `the credential scope says ${date}, X-TC-Timestamp falls on ${signedDate} UTC`,
    );
  return header;
}

function checkToken(credential: AcceptedCredential, token: string | undefined, now: Date): void {
  if (credential.token !== token)
    throw new ApiError(
      'AuthFailure.TokenFailure',
      token === undefined ? 'these temporary keys need X-TC-Token' : 'X-TC-Token does not belong to these keys',
    );
  if (credential.validUntil !== undefined && credential.validUntil <= now)
    throw new ApiError('AuthFailure.TokenFailure', 'the temporary keys have expired');
}

/** Clients sign the host as sent, without its scheme, without its port, or without both; the likeliest first, the others made when asked for. */
function* hostCandidates(host: string): Generator<string> {
  const bare = host.replace(/^https?:\/\//, '');
  const bareName = bare.replace(/:\d+$/, '');
  if (bare === host) yield bareName;
  yield host;
  yield* new Set([bare, host.replace(/:\d+$/, ''), bareName]);
}

function hashOfPayload(request: SignedRequest): string {
  const unsigned = request.headers['x-tc-content-sha256'] === 'UNSIGNED-PAYLOAD';
  return sha256(unsigned ? 'UNSIGNED-PAYLOAD' : request.body);
}

/** The canonical request of TC3-HMAC-SHA256 (facts, section 3.3). */
function canonicalRequest(
  request: SignedRequest,
  as: {
    readonly host: string;
    readonly path: string;
    readonly signedHeaders: string;
    readonly payloadHash: string;
  },
): string {
  const headers = as.signedHeaders.split(';').map((name) => {
    const value = name === 'host' ? as.host : (request.headers[name] ?? '');
    return `${name}:${value.trim().toLowerCase()}\n`;
  });
  const query = request.method === 'GET' ? (request.query ?? '') : '';
  return `${request.method}\n${as.path}\n${query}\n${headers.join('')}\n${as.signedHeaders}\n${as.payloadHash}`;
}

const sha256 = (data: string | Uint8Array): string => hash('sha256', data, 'hex');
const hmac = (key: string | Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest();
