// The next step of a claim, state by state.
import { describe, expect, it } from 'vitest';
import { type ClaimFacts, planClaim } from './claim-plan.ts';

const pod = { uid: 'new', nodeName: 'n1' };
const NOW = 1_000_000;
type Claim = NonNullable<ClaimFacts['claim']>;
const claim = (change: Partial<Claim> = {}): Claim => ({
  deleted: false,
  deletePolicy: 'Never',
  podUid: undefined,
  nodeName: undefined,
  userLives: false,
  refused: false,
  ownerGone: false,
  unboundSinceMs: undefined,
  ...change,
});
const step = (change: Partial<ClaimFacts>) =>
  planClaim({ nowMs: NOW, pod: undefined, claim: claim(), expiryMs: undefined, ...change });

describe('without a claim', () => {
  it('one is made for a Pod that needs it, and else nothing happens', () => {
    expect(step({ claim: undefined, pod })).toEqual({ kind: 'create' });
    expect(step({ claim: undefined })).toEqual({ kind: 'nothing' });
  });
});

describe('a claim whose Pod lives', () => {
  it('serves it, whatever the time or the owner', () => {
    const bound = claim({ podUid: 'new', userLives: true, unboundSinceMs: 0 });
    expect(step({ claim: bound, pod, expiryMs: 1 })).toEqual({ kind: 'serve', pod });
  });

  it('is made again when somebody deletes it, and waits for the Pod when its workload was deleted', () => {
    const bound = claim({ podUid: 'new', userLives: true, deleted: true });
    expect(step({ claim: bound, pod })).toEqual({ kind: 'make-again' });
    expect(step({ claim: { ...bound, ownerGone: true }, pod })).toEqual({ kind: 'wait-for-pod' });
  });

  it('gives up what the cloud refuses when somebody deletes it, so that the Pod gets something else', () => {
    const bound = claim({ podUid: 'new', userLives: true, refused: true });
    expect(step({ claim: bound, pod })).toEqual({ kind: 'serve', pod });
    expect(step({ claim: { ...bound, deleted: true }, pod })).toEqual({ kind: 'release' });
  });
});

describe('a claim whose Pod has gone', () => {
  const left = claim({ podUid: 'old' });

  it('goes with it by default, also when the next Pod of the name is there', () => {
    const immediate = claim({ podUid: 'old', deletePolicy: 'Immediate' });
    expect(step({ claim: immediate })).toMatchObject({ kind: 'delete' });
    expect(step({ claim: immediate, pod })).toMatchObject({ kind: 'delete' });
  });

  it('is kept, from now on, for ever or until its time', () => {
    expect(step({ claim: left })).toEqual({ kind: 'keep', unboundSinceMs: NOW, releaseAtMs: undefined });
    expect(step({ claim: left, expiryMs: 500 })).toEqual({ kind: 'keep', unboundSinceMs: NOW, releaseAtMs: NOW + 500 });
  });

  it('is bound to the next Pod of its name', () => {
    expect(step({ claim: left, pod })).toEqual({ kind: 'bind', pod });
  });

  it('goes with its workload', () => {
    expect(step({ claim: { ...left, ownerGone: true } })).toMatchObject({ kind: 'delete' });
  });
});

describe('a kept claim', () => {
  it('goes at its time and not before', () => {
    const kept = claim({ unboundSinceMs: NOW - 500 });
    expect(step({ claim: kept, expiryMs: 501 })).toMatchObject({ kind: 'keep' });
    expect(step({ claim: kept, expiryMs: 500 })).toMatchObject({ kind: 'delete' });
  });

  it('is bound to a Pod that comes, even after its time, as long as nobody released it', () => {
    expect(step({ claim: claim({ unboundSinceMs: 0 }), expiryMs: 1, pod })).toEqual({ kind: 'bind', pod });
  });

  it('is released when somebody deletes it', () => {
    expect(step({ claim: claim({ deleted: true, unboundSinceMs: 0 }), pod })).toEqual({ kind: 'release' });
  });

  it('that was made by hand and never had a Pod stays until it has had one', () => {
    expect(step({ claim: claim({ deletePolicy: 'Immediate' }), expiryMs: 1 })).toEqual({ kind: 'nothing' });
  });
});
