import { describe, expect, test } from 'vitest';

import { ApiError } from './api-error.ts';
import { type AcceptedCredential, createSignatureVerifier, type SignedRequest } from './signature.ts';

const key = { secretId: 'AKIDEXAMPLE', secretKey: 'SKEXAMPLE' };
const SIGNED_AT = 1_700_000_000;
const at = (offsetSeconds = 0): Date => new Date((SIGNED_AT + offsetSeconds) * 1000);

const compact = '{"SecurityGroupId":"sg-12345678"}';
const spaced = '{"SecurityGroupId": "sg-12345678"}';

// Worked examples, each computed by two signers (facts, section 3.3).
const examples = {
  realEndpoint: {
    body: compact,
    host: 'vpc.tencentcloudapi.com',
    service: 'vpc',
    signature: 'ec27dc77445e85da813f5a0cf7245188c1990b4708d60d3306c4d02bac741056',
  },
  node: {
    body: compact,
    host: '127.0.0.1:18080',
    service: '127',
    signature: 'f11fefcc6531baf28182f94bb503f9a7313c65cc8fd4e9cbd0bf74ec9074ec9d',
  },
  tccli: {
    body: spaced,
    host: 'http://127.0.0.1:18080',
    service: 'vpc',
    signature: 'f895f1ff50c51d91b0b2e152773df4039829882be0c0e3600dfb412dd99f753e',
  },
};

function signed(example: (typeof examples)['node'], changes: Partial<SignedRequest> = {}): SignedRequest {
  return {
    method: 'POST',
    path: '/',
    body: Buffer.from(example.body),
    ...changes,
    headers: {
      'content-type': 'application/json',
      host: example.host,
      'x-tc-timestamp': String(SIGNED_AT),
      authorization: `TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/${example.service}/tc3_request, SignedHeaders=content-type;host, Signature=${example.signature}`,
      ...changes.headers,
    },
  };
}

const verifier = (credentials: readonly AcceptedCredential[]) =>
  createSignatureVerifier((secretId) => credentials.find((credential) => credential.secretId === secretId));

function refusal(request: SignedRequest, credentials = [key], now = at()): string {
  try {
    verifier(credentials)(request, now);
    return 'none';
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

describe('the signature check', () => {
  test.each(Object.entries(examples))('accepts the worked example %s', (_name, example) => {
    expect(verifier([key])(signed(example), at())).toBe(key);
  });

  test('accepts a client that signs `/` while it sends another path', () => {
    expect(refusal(signed(examples.tccli, { path: '/vpc' }))).toBe('none');
  });

  test('refuses a changed body', () => {
    expect(refusal(signed(examples.node, { body: Buffer.from(spaced) }))).toBe('AuthFailure.SignatureFailure');
  });

  test('refuses a signature for another host', () => {
    expect(refusal(signed(examples.node, { headers: { host: '127.0.0.2:18080' } }))).toBe(
      'AuthFailure.SignatureFailure',
    );
  });

  test('refuses an unknown secretId', () => {
    expect(refusal(signed(examples.node), [{ ...key, secretId: 'AKIDOTHER' }])).toBe('AuthFailure.SecretIdNotFound');
  });

  test('refuses a wrong secretKey', () => {
    expect(refusal(signed(examples.node), [{ ...key, secretKey: 'other' }])).toBe('AuthFailure.SignatureFailure');
  });

  test('refuses a timestamp more than five minutes away, either way', () => {
    expect([-301, -300, 300, 301].map((offset) => refusal(signed(examples.node), [key], at(offset)))).toEqual([
      'AuthFailure.SignatureExpire',
      'none',
      'none',
      'AuthFailure.SignatureExpire',
    ]);
  });

  test('compares the timestamp with the time of the clients, where that is another one', () => {
    const verify = verifier([key]);
    expect(verify(signed(examples.node), at(86_400), at())).toBe(key);
    expect(() => verify(signed(examples.node), at(), at(301))).toThrow('X-TC-Timestamp');
  });

  test.each(['', 'SKIP', 'TC3-HMAC-SHA256 Credential=AKIDEXAMPLE'])(
    'refuses the header `%s` as malformed',
    (header) => {
      expect(refusal(signed(examples.node, { headers: { authorization: header } }))).toBe(
        'AuthFailure.InvalidAuthorization',
      );
    },
  );

  test('refuses temporary keys without their token', () => {
    expect(refusal(signed(examples.node), [{ ...key, token: 'session' } as typeof key])).toBe(
      'AuthFailure.TokenFailure',
    );
  });
});
