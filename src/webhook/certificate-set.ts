// The certificates in the Secret: what it must hold, when which part is due, and how the next state is made.
import {
  createAuthority,
  createLeaf,
  inspectCertificate,
  isSignedBy,
  type KeyPair,
  type Validity,
} from './certificate-authority.ts';

export interface CertificateSet {
  /** Signs leaves from now on. */
  readonly authority: KeyPair;
  /** The authority before, trusted until every replica serves a leaf of the new one; empty when there is none. */
  readonly previousAuthorityCert: string;
  readonly leaf: KeyPair;
}

export interface CertificatePlan {
  readonly names: readonly [string, ...string[]];
  readonly authorityName: string;
  readonly authorityLifeMs: number;
  readonly leafLifeMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The authority lives for ten years, leaves for one; both are replaced at two thirds of their life. */
export const defaultLives = { authorityLifeMs: 3650 * DAY_MS, leafLifeMs: 365 * DAY_MS } as const;

/** What is due now. The leaf is also due when it does not cover the names or is not of the authority. */
export function dueRenewal(
  set: CertificateSet | undefined,
  plan: CertificatePlan,
  now: Date,
): 'none' | 'leaf' | 'authority' {
  const authority = set === undefined ? undefined : inspectCertificate(set.authority.cert);
  if (set === undefined || authority === undefined || renewAt(authority) <= now.getTime()) return 'authority';
  const leaf = inspectCertificate(set.leaf.cert);
  if (leaf === undefined || renewAt(leaf) <= now.getTime() || !isSignedBy(set.leaf.cert, set.authority.cert))
    return 'leaf';
  return plan.names.every((name) => leaf.names.includes(name)) ? 'none' : 'leaf';
}

/** Milliseconds until something will be due; 0 when it is. */
export function untilDueMs(set: CertificateSet, now: Date): number {
  const times = [set.authority.cert, set.leaf.cert].map((pem) => {
    const cert = inspectCertificate(pem);
    return cert === undefined ? 0 : renewAt(cert) - now.getTime();
  });
  return Math.max(0, Math.min(...times));
}

/** The set with what is due made new; the same object when nothing is. */
export async function renewed(
  set: CertificateSet | undefined,
  plan: CertificatePlan,
  now: Date,
): Promise<CertificateSet> {
  const due = dueRenewal(set, plan, now);
  if (due === 'none' && set !== undefined) return set;
  if (due === 'leaf' && set !== undefined) return { ...set, leaf: await newLeaf(set.authority, plan, now) };
  const authority = await createAuthority(
    `${plan.authorityName}@${Math.floor(now.getTime() / 1000)}`,
    life(now, plan.authorityLifeMs),
  );
  const leaf = await newLeaf(authority, plan, now);
  return { authority, previousAuthorityCert: stillValid(set?.authority.cert, now), leaf };
}

/** What callers must trust. */
export function trustBundle(set: CertificateSet): string {
  return `${set.authority.cert}${set.previousAuthorityCert}`;
}

function newLeaf(authority: KeyPair, plan: CertificatePlan, now: Date): Promise<KeyPair> {
  const { notBefore, notAfter } = life(now, plan.leafLifeMs);
  // A leaf that outlived its authority would be trusted by nobody in the end.
  const end = inspectCertificate(authority.cert)?.notAfter ?? notAfter;
  return createLeaf(authority, plan.names, { notBefore, notAfter: end < notAfter ? end : notAfter });
}

const FIVE_MINUTES_MS = 5 * 60 * 1000;

function life(now: Date, lifeMs: number): Validity {
  // Clocks of the API server and of this node differ; a certificate from the future is refused.
  return { notBefore: new Date(now.getTime() - FIVE_MINUTES_MS), notAfter: new Date(now.getTime() + lifeMs) };
}

function renewAt({ notBefore, notAfter }: Validity): number {
  return notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3;
}

function stillValid(cert: string | undefined, now: Date): string {
  const seen = cert === undefined ? undefined : inspectCertificate(cert);
  return cert !== undefined && seen !== undefined && seen.notAfter.getTime() > now.getTime() ? cert : '';
}
