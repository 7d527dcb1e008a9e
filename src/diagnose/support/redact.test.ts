// Nothing secret leaves the cluster in a support bundle.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { redact, redactText } from './redact.ts';

describe('redact', () => {
  it('takes values away whose name says that they are secret, at any depth', () => {
    expect(redact({ a: [{ password: 'x', name: 'n' }], tls: { 'tls.key': 'k' } })).toEqual({
      a: [{ password: '(removed)', name: 'n' }],
      tls: { 'tls.key': '(removed)' },
    });
  });

  it('takes the value of every environment variable away and leaves its name', () => {
    expect(
      redact({
        env: [
          { name: 'A', value: '1' },
          { name: 'B', valueFrom: {} },
        ],
      }),
    ).toEqual({
      env: [
        { name: 'A', value: '(removed)' },
        { name: 'B', valueFrom: {} },
      ],
    });
  });

  it('leaves names of Secrets and client tokens, which are none', () => {
    const object = { secretName: 's', clientToken: 'abc' };
    expect(redact(object)).toEqual(object);
  });

  it('takes the copy that kubectl apply leaves, and managedFields', () => {
    expect(
      redact({ managedFields: [1], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'b' } }),
    ).toEqual({
      annotations: { a: 'b' },
    });
  });
});

describe('a text', () => {
  it.each([
    'AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA',
    'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl',
    'Bearer abcdefgh.12345678',
    '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----',
  ])('loses %s', (secret) => {
    expect(redactText(`before ${secret} after`)).toBe('before (removed) after');
  });

  it('loses the value of a flag or setting, and keeps its name', () => {
    expect(redactText('--secret-key=Gu5t9xGARNpq86cd98joQYCN3 --region=x')).toBe('--secret-key=(removed) --region=x');
    expect(redactText('"secretKey": "Gu5t9xGARNpq86cd98joQYCN3"')).toBe('"secretKey": "(removed)"');
  });

  it('of our own logs stays as it is', () => {
    const line =
      '{"level":"info","key":"sub-1","securityGroups":["sg-12ab34cd"],"error":"CreateSubNetworkInterface was refused"}';
    expect(redactText(line)).toBe(line);
  });

  it('has no key of the cloud left, wherever it stood', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const key = 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3';
        expect(redactText(`${before} ${key} ${after}`)).not.toContain(key);
      }),
    );
  });
});
