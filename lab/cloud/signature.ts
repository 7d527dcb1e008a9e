// Verifies TC3-HMAC-SHA256 as the official clients sign, with their quirks about Host and path.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.ts';

export interface SignedRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
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

/** Returns who signed; throws an `AuthFailure.*` ApiError (facts, section 3.4). */
export function verifySignature(
  request: SignedRequest,
  credentials: readonly AcceptedCredential[],
  now: Date,
): AcceptedCredential {
  const match = AUTHORIZATION.exec(request.headers['authorization'] ?? '');
  if (match === null)
    throw new ApiError(
      'AuthFailure.InvalidAuthorization',
      'Authorization must be `TC3-HMAC-SHA256 Credential=ID/DATE/SERVICE/tc3_request, SignedHeaders=..., Signature=...`',
    );
  const [, secretId = '', date = '', service = '', signedHeaders = '', signature = ''] = match;
  const timestamp = checkTimestamp(request.headers['x-tc-timestamp'], date, now);
  const credential = credentials.find((candidate) => candidate.secretId === secretId);
  if (credential === undefined)
    throw new ApiError('AuthFailure.SecretIdNotFound', `secretId ${secretId} does not exist`);
  checkToken(credential, request.headers['x-tc-token'], now);
  const key = signingKey(credential.secretKey, date, service);
  const scope = `${date}/${service}/tc3_request`;
  for (const host of hostCandidates(request.headers['host'] ?? '')) {
    for (const path of new Set([request.path, '/'])) {
      const canonical = canonicalRequest(request, { host, path, signedHeaders });
      const toSign = `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
      if (sameHex(hmac(key, toSign).toString('hex'), signature)) return credential;
    }
  }
  throw new ApiError(
    'AuthFailure.SignatureFailure',
    'the signature does not match; check the secretKey and what was signed (method, path, host, content type, body)',
  );
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

/** Clients sign the host as sent, without its scheme, without its port, or without both. */
function hostCandidates(host: string): ReadonlySet<string> {
  const bare = host.replace(/^https?:\/\//, '');
  return new Set([host, bare, host.replace(/:\d+$/, ''), bare.replace(/:\d+$/, '')]);
}

/** The canonical request of TC3-HMAC-SHA256 (facts, section 3.3). */
function canonicalRequest(
  request: SignedRequest,
  as: { readonly host: string; readonly path: string; readonly signedHeaders: string },
): string {
  const headers = as.signedHeaders.split(';').map((name) => {
    const value = name === 'host' ? as.host : (request.headers[name] ?? '');
    return `${name}:${value.trim().toLowerCase()}\n`;
  });
  const unsigned = request.headers['x-tc-content-sha256'] === 'UNSIGNED-PAYLOAD';
  const payloadHash = sha256(unsigned ? 'UNSIGNED-PAYLOAD' : request.body);
  return `${request.method}\n${as.path}\n\n${headers.join('')}\n${as.signedHeaders}\n${payloadHash}`;
}

function signingKey(secretKey: string, date: string, service: string): Buffer {
  return hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const sameHex = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
