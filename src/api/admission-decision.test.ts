// The decision annotation: what is written is what is read, and nothing else is taken for it.
import { describe, expect, it } from 'vitest';
import { type AdmissionDecision, decodeAdmissionDecision, encodeAdmissionDecision } from './admission-decision.ts';
import { annotations } from './keys.ts';

const decision: AdmissionDecision = {
  policies: [{ name: 'web', uid: 'u-1', generation: 3 }],
  groups: ['sg-bbbbbbbb', 'sg-aaaaaaaa'],
  outcome: 'sub-eni',
};

const decode = (text: string): string => decodeAdmissionDecision({ [annotations.admissionDecision]: text }).kind;

describe('the decision annotation', () => {
  it('is read as it was written, groups in their order', () => {
    expect(decodeAdmissionDecision({ [annotations.admissionDecision]: encodeAdmissionDecision(decision) })).toEqual({
      kind: 'decision',
      decision,
    });
  });

  it('is absent on a Pod without annotations', () => {
    expect(decodeAdmissionDecision(undefined)).toEqual({ kind: 'none' });
    expect(decodeAdmissionDecision(null)).toEqual({ kind: 'none' });
  });

  it.each([
    '',
    'yes',
    '{}',
    '{"policies":[],"groups":["web"],"outcome":"sub-eni"}',
    '{"policies":[],"groups":[],"outcome":"sub-eni"}',
  ])('is malformed, not absent, when it says %j', (text) => {
    expect(decode(text)).toBe('malformed');
  });
});
