// Add-on values: documented defaults, and one line per mistake with key, value and what is accepted.
import { describe, expect, it } from 'vitest';
import { decodeAddonValues, readDemuxKeys, readTrunkingSwitch } from './addon-values.ts';

const required = {
  region: 'ap-guangzhou',
  vpcId: 'vpc-12ab34cd',
  clusterId: 'cls-12ab34cd',
  subnetIds: 'subnet-12ab34cd, subnet-22ab34cd',
};
const SWITCH = 'vpcCni.trunkingEni.enableSubEni';

const problems = (data: Record<string, string>): readonly string[] => {
  const result = decodeAddonValues(data);
  return result.ok ? [] : result.problems;
};

describe('the keys of early demux', () => {
  const KEY = 'agent.config.disableTcpEarlyDemux';

  it('are off unless they are set, and are read whatever the other values are', () => {
    const read = readDemuxKeys({ [KEY]: 'auto', other: 'value' }, { tcp: 'true', udp: 'true' });
    expect(read).toEqual({ keys: { tcp: 'auto', udp: 'false' }, problems: [] });
  });

  it('stay as they were when a value cannot be used, which is named', () => {
    expect(readDemuxKeys({ [KEY]: 'yes' }, { tcp: 'true', udp: 'false' })).toEqual({
      keys: { tcp: 'true', udp: 'false' },
      problems: [`${KEY}: "yes": expected "true", "false" or "auto"; "true" stays in force`],
    });
  });
});

describe('the add-on values', () => {
  it.each([
    ['vpcCni.claimExpiredDuration', '5', '"5" is not a duration; expected one with units'],
    ['vpcCni.claimExpiredDuration', '4m59s', '"4m59s" is too short; expected at least 5m'],
    ['vpcCni.claimExpiredDuration', '-1h', '"-1h" is not a duration'],
    ['vpcCni.claimExpiredSeconds', '299', '299'],
    ['vpcCni.claimExpiredSeconds', '15768000', '15768000'],
    ['vpcCni.claimExpiredSeconds', '5m', '5m'],
  ])('refuse %s: %s, and say what would be right', (key, value, words) => {
    expect(problems({ ...required, [key]: value })).toEqual([expect.stringContaining(words)]);
  });

  it('have the documented defaults', () => {
    expect(decodeAddonValues(required)).toMatchObject({
      ok: true,
      values: {
        [SWITCH]: false,
        'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': 'standard',
        paused: 'none',
        subnetIds: ['subnet-12ab34cd', 'subnet-22ab34cd'],
      },
    });
  });

  it.each([
    [
      'an unknown key',
      { ...required, 'vpcCni.trunkingEni.enableSubENI': 'true' },
      /unknown key "vpcCni.trunkingEni.enableSubENI"/,
    ],
    [
      'a switch that is neither true nor false',
      { ...required, [SWITCH]: 'yes' },
      /enableSubEni: "yes": expected "true" or "false"/,
    ],
    ['a malformed id', { ...required, vpcId: 'vpc-1' }, /vpcId: "vpc-1": expected a VPC id/],
    [
      'a required key that is missing',
      { region: 'r', clusterId: 'c', subnetIds: required.subnetIds },
      /vpcId: required, but not set/,
    ],
  ])('refuse %s in one line', (_name, data, line) => {
    expect(problems(data)).toEqual([expect.stringMatching(line)]);
  });
});

describe('the Trunking switch alone', () => {
  it('is off when there is no ConfigMap or no key', () => {
    expect(readTrunkingSwitch(undefined)).toEqual({ ok: true, on: false });
    expect(readTrunkingSwitch({})).toEqual({ ok: true, on: false });
  });

  it('is read also when other keys are wrong or missing', () => {
    expect(readTrunkingSwitch({ [SWITCH]: 'true', vpcId: 'nonsense' })).toEqual({ ok: true, on: true });
  });

  it('is a problem, not off, when its value is not accepted', () => {
    expect(readTrunkingSwitch({ [SWITCH]: 'True' })).toMatchObject({ ok: false });
  });
});
