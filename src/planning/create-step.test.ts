// Creation of an ENI as a model: whatever is lost, whoever restarts, no second ENI is ever made.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterAbsence,
  judgeFailure,
  planCreateStep,
  planLookUp,
  type SpecialCodes,
  type Standing,
} from './create-step.ts';

const codes: SpecialCodes = {
  subnetDry: 'DRY',
  unknownAction: 'UNKNOWN',
  tokenMismatch: 'MISMATCH',
  tokenProcessing: 'PROCESSING',
  quota: 'QUOTA',
  refused: 'REFUSED',
  inUse: 'IN-USE',
};

describe('planCreateStep', () => {
  it('records the first attempt before anything is sent', () => {
    expect(planCreateStep({ attempt: undefined, standing: 'doubtful', hasEni: false, ready: false })).toEqual({
      kind: 'record',
      attempt: 1,
    });
  });

  it('sends nothing while it is in doubt', () => {
    expect(planCreateStep({ attempt: 3, standing: 'doubtful', hasEni: false, ready: false })).toEqual({
      kind: 'look-up',
    });
  });

  it('takes another token once it is sure that the burnt one left nothing', () => {
    expect(afterAbsence('burnt')).toBe('refused');
    expect(afterAbsence('doubtful')).toBe('clear');
  });

  it('raises the attempt only after a refusal', () => {
    expect(planCreateStep({ attempt: 3, standing: 'refused', hasEni: false, ready: false })).toEqual({
      kind: 'record',
      attempt: 4,
    });
    expect(planCreateStep({ attempt: 3, standing: 'clear', hasEni: false, ready: false })).toEqual({ kind: 'send' });
  });

  it('waits for what exists and then rests', () => {
    expect(planCreateStep({ attempt: 1, standing: 'doubtful', hasEni: true, ready: false }).kind).toBe('settle');
    expect(planCreateStep({ attempt: 1, standing: 'doubtful', hasEni: true, ready: true }).kind).toBe('done');
  });
});

describe('planLookUp', () => {
  it('believes an absence only after two looks one window apart', () => {
    const look = { found: false, windowMs: 100 };
    expect(planLookUp({ ...look, absentSinceMs: undefined, nowMs: 5 })).toEqual({
      kind: 'look-again',
      afterMs: 100,
      absentSinceMs: 5,
    });
    expect(planLookUp({ ...look, absentSinceMs: 5, nowMs: 104 })).toMatchObject({ kind: 'look-again', afterMs: 1 });
    expect(planLookUp({ ...look, absentSinceMs: 5, nowMs: 105 })).toEqual({ kind: 'absent' });
  });

  it('adopts what it finds', () => {
    expect(planLookUp({ found: true, absentSinceMs: 0, nowMs: 500, windowMs: 100 })).toEqual({ kind: 'adopt' });
  });
});

describe('judgeFailure', () => {
  it.each([
    ['DRY', 'retry-after', 'refused', 'next-subnet'],
    ['UNKNOWN', 'terminal', 'refused', 'account'],
    ['MISMATCH', 'terminal', 'burnt', 'again'],
    ['PROCESSING', 'retry', 'doubtful', 'again'],
    ['QUOTA', 'retry-after', 'refused', 'report'],
    ['NOT-FOUND', 'not-found', 'refused', 'report'],
    ['INVALID', 'terminal', 'refused', 'report'],
    ['THROTTLED', 'retry-after', 'clear', 'again'],
    ['FENCED', 'retry', 'clear', 'again'],
  ] as const)('takes %s (%s) as %s, then %s', (code, retry, standing, next) => {
    expect(judgeFailure({ code, retry, outcomeUnknown: false }, codes)).toEqual({ standing, next });
  });

  it('is in doubt whenever the outcome is unknown or the error is not the cloud´s', () => {
    expect(judgeFailure({ code: 'DRY', retry: 'terminal', outcomeUnknown: true }, codes).standing).toBe('doubtful');
    expect(judgeFailure({ code: undefined, retry: 'retry', outcomeUnknown: false }, codes).standing).toBe('doubtful');
  });
});

// A world of one ENI: the recorded attempt, what this process knows, and what the cloud has. Answers get lost, processes restart, describes lag.
type Event = 'answered' | 'lost-done' | 'lost-not-done' | 'refused' | 'throttled' | 'restart';

describe('creation', () => {
  it('never has two ENIs, for any order of lost answers, refusals, restarts and late describes, without tokens', () => {
    const eventArb = fc.constantFrom<Event>(
      'answered',
      'lost-done',
      'lost-not-done',
      'refused',
      'throttled',
      'restart',
    );
    fc.assert(
      fc.property(
        fc.array(eventArb, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 99 }),
        (events, lagMs) => {
          const windowMs = 100;
          const cloud: { madeAt: number }[] = [];
          let recorded: number | undefined;
          let standing: Standing = 'doubtful';
          let absentSinceMs: number | undefined;
          let hasEni = false;
          let now = 0;
          for (const event of events) {
            now += 10;
            if (event === 'restart') {
              standing = 'doubtful';
              absentSinceMs = undefined;
              continue;
            }
            const step = planCreateStep({ attempt: recorded, standing, hasEni, ready: false });
            if (step.kind === 'record') {
              recorded = step.attempt;
              standing = 'clear';
            } else if (step.kind === 'look-up') {
              const found = cloud.some((eni) => now - eni.madeAt >= lagMs);
              const look = planLookUp({ found, absentSinceMs, nowMs: now, windowMs });
              if (look.kind === 'adopt') hasEni = true;
              else if (look.kind === 'absent') standing = 'clear';
              else ({ absentSinceMs } = look);
            } else if (step.kind === 'send') {
              absentSinceMs = undefined;
              if (event === 'answered' || event === 'lost-done') cloud.push({ madeAt: now });
              if (event === 'answered') hasEni = true;
              else if (event === 'refused') standing = 'refused';
              else if (event !== 'throttled') standing = 'doubtful';
            }
            expect(cloud.length).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
