// What comes next for an ENI that is to be: record, send, look for a leftover, wait, nothing (DESIGN, decision 3). Pure.

/**
 * What this process knows of the recorded attempt.
 * - `clear`: nothing of it is in the cloud, and the same bytes may be sent.
 * - `refused`: nothing of it is in the cloud, and the service does not accept these bytes; another attempt is due.
 * - `doubtful`: it may have taken effect: an answer was lost, or a former process recorded it.
 * - `burnt`: as `doubtful`, and its token can not be used again.
 */
export type Standing = 'clear' | 'refused' | 'doubtful' | 'burnt';

export interface CreateFacts {
  /** Attempt of the recorded creating operation; absent before the first. */
  readonly attempt: number | undefined;
  readonly standing: Standing;
  /** An ENI id is recorded. */
  readonly hasEni: boolean;
  readonly ready: boolean;
}

export type CreateStep =
  | { readonly kind: 'record'; readonly attempt: number }
  | { readonly kind: 'send' }
  | { readonly kind: 'look-up' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'done' };

/** The attempt rises only on positive evidence that the former one left nothing; in doubt nothing is sent. */
export function planCreateStep({ attempt, standing, hasEni, ready }: CreateFacts): CreateStep {
  if (hasEni) return { kind: ready ? 'done' : 'settle' };
  if (attempt === undefined) return { kind: 'record', attempt: 1 };
  switch (standing) {
    case 'clear':
      return { kind: 'send' };
    case 'refused':
      return { kind: 'record', attempt: attempt + 1 };
    case 'doubtful':
    case 'burnt':
      return { kind: 'look-up' };
  }
}

/** What a proven absence makes of a standing. */
export function afterAbsence(standing: Standing): Standing {
  return standing === 'burnt' ? 'refused' : 'clear';
}

export interface LookUpFacts {
  readonly found: boolean;
  /** Monotonic time of the first look that found nothing since the last send. */
  readonly absentSinceMs: number | undefined;
  readonly nowMs: number;
  readonly windowMs: number;
}

export type LookUpStep =
  | { readonly kind: 'adopt' }
  | { readonly kind: 'look-again'; readonly afterMs: number; readonly absentSinceMs: number }
  /** Two looks one consistency window apart: the attempt left nothing. */
  | { readonly kind: 'absent' };

export function planLookUp({ found, absentSinceMs, nowMs, windowMs }: LookUpFacts): LookUpStep {
  if (found) return { kind: 'adopt' };
  if (absentSinceMs === undefined) return { kind: 'look-again', afterMs: windowMs, absentSinceMs: nowMs };
  const leftMs = absentSinceMs + windowMs - nowMs;
  return leftMs > 0 ? { kind: 'look-again', afterMs: leftMs, absentSinceMs } : { kind: 'absent' };
}

export interface CallFailure {
  /** Catalogue code of the error; absent for anything that is no error of the cloud. */
  readonly code: string | undefined;
  readonly outcomeUnknown: boolean;
  readonly retry: 'retry' | 'retry-after' | 'conflict' | 'not-found' | 'terminal';
}

/** What a failed creating call means: what is known of the attempt now, and what to do. */
export interface FailureMeaning {
  readonly standing: Standing;
  /**
   * - `again`: the queue's back-off spaces the next try.
   * - `next-subnet`: another attempt at once, elsewhere.
   * - `report`: people are told; another attempt after a long while, in case somebody mended it.
   * - `account`: as `report`, and no other call of this kind is made meanwhile.
   */
  readonly next: 'again' | 'next-subnet' | 'report' | 'account';
}

/** Codes of src/cloud/errors.ts that need more than their retry class; given by the caller, since this module knows no cloud. */
export interface SpecialCodes {
  readonly subnetDry: string;
  readonly unknownAction: string;
  readonly tokenMismatch: string;
  readonly tokenProcessing: string;
  readonly quota: string;
  readonly refused: string;
  readonly inUse: string;
}

export function judgeFailure(failure: CallFailure, codes: SpecialCodes): FailureMeaning {
  const { code, outcomeUnknown, retry } = failure;
  if (code === undefined || outcomeUnknown) return { standing: 'doubtful', next: 'again' };
  switch (code) {
    case codes.subnetDry:
      return { standing: 'refused', next: 'next-subnet' };
    case codes.unknownAction:
      return { standing: 'refused', next: 'account' };
    // A former send of this attempt reached the service.
    case codes.tokenMismatch:
      return { standing: 'burnt', next: 'again' };
    case codes.tokenProcessing:
      return { standing: 'doubtful', next: 'again' };
    // The address that was asked for is somebody else's.
    case codes.inUse:
    case codes.quota:
    case codes.refused:
      return { standing: 'refused', next: 'report' };
  }
  return retry === 'terminal' || retry === 'not-found'
    ? { standing: 'refused', next: 'report' }
    : { standing: 'clear', next: 'again' };
}
