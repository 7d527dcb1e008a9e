// Version gates open from their version on, and never by a guess.
import { describe, expect, it } from 'vitest';
import { gate, versionGates } from './version-gates.ts';

describe('a version gate', () => {
  it.each(['v3.5.6', '3.5.6', 'v3.6.0', 'v3.10.0', 'v4.0.0', 'v3.5.6-rc.1'])(
    'for Trunking is open at %s',
    (version) => {
      expect(gate('trunkingEni', version)).toEqual({ open: true });
    },
  );

  it.each(['v3.5.5', 'v3.4.7', '2.99.99'])('for Trunking is closed at %s, and says what is needed', (version) => {
    const answer = gate('trunkingEni', version);
    expect(answer).toMatchObject({ open: false });
    expect(answer.open ? '' : answer.reason).toContain('3.5.6');
  });

  it.each(['latest', '', 'v3', '3.5.6.7'])('stays closed at %j, which is no version', (version) => {
    expect(gate('trunkingEni', version).open).toBe(false);
  });

  it('compares numbers, not texts', () => {
    expect(gate('podToPodPlaybook', '1.20.10').open).toBe(true);
    expect(gate('podToPodPlaybook', '1.9.99').open).toBe(false);
  });

  it("reads a managed cluster's version text", () => {
    expect(gate('podSecurityGroups', 'v1.30.0-tke.4').open).toBe(true);
    expect(gate('podSecurityGroups', '1.20+').open).toBe(true);
  });

  it('exists for every version that the documents name', () => {
    expect([...new Set(Object.values(versionGates).map(({ since }) => since))].toSorted()).toEqual([
      '1.20.0',
      '1.20.6',
      '3.2.0',
      '3.3.9',
      '3.5.0',
      '3.5.6',
    ]);
  });
});
