// Certificates: made, renewed at two thirds of their life, and never without an overlap of trust.
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type CertificatePlan,
  type CertificateSet,
  defaultLives,
  dueRenewal,
  renewed,
  trustBundle,
  untilDueMs,
} from './certificate-set.ts';

const DAY_MS = 86_400_000;
const start = new Date('2026-01-01T00:00:00Z');
const later = (days: number): Date => new Date(start.getTime() + days * DAY_MS);
const plan: CertificatePlan = { names: ['web.ns.svc', 'web.ns', '127.0.0.1'], authorityName: 'web', ...defaultLives };

const fresh = (): Promise<CertificateSet> => renewed(undefined, plan, start);

describe('a fresh set', () => {
  it('has a leaf for the names, signed by an authority that may only sign', async () => {
    const set = await fresh();
    const leaf = new X509Certificate(set.leaf.cert);
    const authority = new X509Certificate(set.authority.cert);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkHost('web.ns.svc')).toBe('web.ns.svc');
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect([leaf.ca, authority.ca]).toEqual([false, true]);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('is valid a little before now, since clocks differ', async () => {
    expect(new X509Certificate((await fresh()).leaf.cert).validFromDate.getTime()).toBeLessThan(start.getTime());
  });
});

describe('renewal', () => {
  it('is due for the leaf at two thirds of its year, not before', async () => {
    const set = await fresh();
    expect(dueRenewal(set, plan, later(243))).toBe('none');
    expect(dueRenewal(set, plan, later(244))).toBe('leaf');
    expect(untilDueMs(set, start)).toBeGreaterThan(243 * DAY_MS);
    expect(untilDueMs(set, later(244))).toBe(0);
  });

  it('of the leaf keeps the authority, so that nobody has to learn a new one', async () => {
    const set = await fresh();
    const next = await renewed(set, plan, later(300));
    expect(next.authority).toEqual(set.authority);
    expect(next.leaf.cert).not.toBe(set.leaf.cert);
    expect(dueRenewal(next, plan, later(300))).toBe('none');
  });

  it('of the authority trusts the one before as well, while it lives', async () => {
    const set = await fresh();
    const next = await renewed(set, plan, later(2500));
    expect(trustBundle(next)).toBe(`${next.authority.cert}${set.authority.cert}`);
    expect((await renewed(next, plan, later(2500 + 3651))).previousAuthorityCert).toBe('');
  });

  it('is due when the Service has other names than the leaf', async () => {
    expect(dueRenewal(await fresh(), { ...plan, names: ['other.ns.svc'] }, start)).toBe('leaf');
  });

  it('is due when the leaf is of another authority', async () => {
    const [one, other] = await Promise.all([fresh(), fresh()]);
    expect(dueRenewal({ ...one, leaf: other.leaf }, plan, start)).toBe('leaf');
  });

  it('starts afresh when what is stored is no certificate', async () => {
    const set = await fresh();
    expect(dueRenewal({ ...set, authority: { cert: 'nonsense', key: '' } }, plan, start)).toBe('authority');
  });
});
