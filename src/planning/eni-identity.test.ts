// Tokens, names and tags: the same for the same uid and attempt, different for any other, within the limits of the API.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tags } from '../api/keys.ts';
import { clientToken, eniName, ownershipTags } from './eni-identity.ts';

const attemptArb = fc.integer({ min: 1, max: 1_000_000 });

describe('identity of a creating call', () => {
  it('is the same for the same uid and attempt', () => {
    fc.assert(
      fc.property(fc.uuid(), attemptArb, (uid, attempt) => {
        expect(clientToken(uid, attempt)).toBe(clientToken(uid, attempt));
        expect(eniName('sub', uid, attempt)).toBe(eniName('sub', uid, attempt));
      }),
    );
  });

  it('differs for any other uid or attempt', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), attemptArb, attemptArb, (uid, other, attempt, another) => {
        fc.pre(uid !== other || attempt !== another);
        expect(clientToken(uid, attempt)).not.toBe(clientToken(other, another));
        expect(eniName('sub', uid, attempt)).not.toBe(eniName('sub', other, another));
      }),
    );
  });

  it('keeps within 64 ASCII characters for the token and 60 bytes for the name', () => {
    fc.assert(
      fc.property(fc.uuid(), attemptArb, fc.constantFrom('sub' as const, 'trunk' as const), (uid, attempt, kind) => {
        expect(clientToken(uid, attempt)).toMatch(/^[\x21-\x7e]{16,64}$/);
        expect(Buffer.byteLength(eniName(kind, uid, attempt))).toBeLessThanOrEqual(60);
        expect(eniName(kind, uid, attempt)).toContain(uid);
        expect(eniName(kind, uid, attempt).endsWith(`-${attempt}`)).toBe(true);
      }),
    );
  });

  it('tags with the cluster, without which nothing is ours, and the owner', () => {
    expect(ownershipTags('cluster-uid', { name: 'sub-a', uid: 'u' }, 2)).toEqual([
      { key: tags.cluster, value: 'cluster-uid' },
      { key: tags.owner, value: 'VpcENI/sub-a' },
      { key: tags.ownerUid, value: 'u' },
      { key: tags.attempt, value: '2' },
    ]);
  });
});
