// What a Pod asks of its address: accepted, refused with words, and where it may be.
import { describe, expect, it } from 'vitest';
import { annotations } from '../api/keys.ts';
import { type PlaceFacts, placeNominated, readDemand } from './claim-demand.ts';
import { expiryMs } from './claim-expiry.ts';

const refused = (key: string, value: string): string => {
  const read = readDemand({ [key]: value });
  return read.ok ? '' : read.problems.join();
};

describe('the annotations of a Pod', () => {
  it('ask for nothing by default: the address goes with the Pod', () => {
    expect(readDemand({})).toEqual({ ok: true, demand: { deletePolicy: 'Immediate' } });
  });

  it('are taken as they are written', () => {
    const marks = {
      [annotations.vpcIpClaimDeletePolicy]: 'Never',
      [annotations.claimExpiredDuration]: '1h30m',
      [annotations.nominatedVpcIp]: '10.0.32.5',
      [annotations.nominatedEniSubnets]: 'subnet-12ab34cd, subnet-56ef78gh',
    };
    expect(readDemand(marks)).toEqual({
      ok: true,
      demand: {
        deletePolicy: 'Never',
        expiredDuration: '1h30m',
        nominatedIP: '10.0.32.5',
        nominatedSubnetIDs: ['subnet-12ab34cd', 'subnet-56ef78gh'],
      },
    });
  });

  it.each([
    [annotations.vpcIpClaimDeletePolicy, 'never', 'expected "Immediate" or "Never"'],
    [annotations.claimExpiredDuration, '5', 'is not a duration; expected one with units'],
    [annotations.claimExpiredDuration, '4m59s', 'is too short; expected at least 5m'],
    [annotations.claimExpiredDuration, '-1h', 'is not a duration'],
    [annotations.nominatedVpcIp, '10.0.32', 'expected one IPv4 address'],
    [annotations.nominatedVpcIp, '10.0.32.5,10.0.32.6', 'expected one IPv4 address'],
    [annotations.nominatedEniSubnets, 'subnet-12ab34cd,sub', '"sub" is not a subnet id'],
  ])('are refused when wrong: %s="%s"', (key, value, words) => {
    expect(refused(key, value)).toContain(`annotation ${key}="${value}"`);
    expect(refused(key, value)).toContain(words);
  });
});

const subnets = [
  { subnetId: 'subnet-aaaaaaaa', cidr: '10.0.32.0/24', zone: 'z1' },
  { subnetId: 'subnet-bbbbbbbb', cidr: '10.0.33.0/24', zone: 'z2' },
  { subnetId: 'subnet-cccccccc', cidr: '10.0.34.0/24', zone: 'z1' },
];
const place = (change: Partial<PlaceFacts>) =>
  placeNominated({
    nominatedIP: undefined,
    nominatedSubnetIDs: undefined,
    subnets,
    nodeSubnetIds: ['subnet-aaaaaaaa', 'subnet-bbbbbbbb'],
    zone: 'z1',
    onlyNominated: false,
    ...change,
  });

describe('where an address may be', () => {
  it('is the subnets of the zone: those of the node, or those that the Pod names', () => {
    expect(place({})).toEqual({ ok: true, subnetIds: ['subnet-aaaaaaaa'] });
    expect(place({ nominatedSubnetIDs: ['subnet-cccccccc'] })).toEqual({ ok: true, subnetIds: ['subnet-cccccccc'] });
  });

  it('is the subnet of a nominated address', () => {
    expect(place({ nominatedIP: '10.0.32.9' })).toMatchObject({
      ok: true,
      nominated: { ip: '10.0.32.9', subnetId: 'subnet-aaaaaaaa' },
    });
  });

  it.each([
    ['outside every subnet', { nominatedIP: '10.9.9.9' }, 'NominatedInvalid', 'is in none of the subnets'],
    ['of another zone', { nominatedIP: '10.0.33.9' }, 'ZoneMismatch', 'the node is in zone z1'],
    [
      'in a subnet that nobody knows',
      { nominatedSubnetIDs: ['subnet-dddddddd'] },
      'NominatedInvalid',
      'knows no subnet',
    ],
    ['in subnets of other zones', { nominatedSubnetIDs: ['subnet-bbbbbbbb'] }, 'ZoneMismatch', 'no subnet of zone z1'],
    ['not nominated where it must be', { onlyNominated: true }, 'NotNominated', 'set annotation'],
  ])('%s: it is refused with words', (_what, facts, reason, words) => {
    const answer = place(facts);
    expect(answer).toMatchObject({ ok: false, reason });
    expect(answer.ok ? '' : answer.message).toContain(words);
  });

  it('is open to who nominates with --only-nominated-eni-subnets', () => {
    expect(place({ onlyNominated: true, nominatedSubnetIDs: ['subnet-aaaaaaaa'] })).toMatchObject({ ok: true });
  });
});

describe('how long an address is kept', () => {
  const none = { flagMs: undefined, valueMs: undefined, creationSeconds: undefined };

  it('is for ever by default, and the nearest setting counts', () => {
    expect(expiryMs([], none)).toBeUndefined();
    expect(expiryMs([], { ...none, creationSeconds: 300 })).toBe(300_000);
    expect(expiryMs([], { flagMs: undefined, valueMs: 2, creationSeconds: 300 })).toBe(2);
    expect(expiryMs([], { flagMs: 1, valueMs: 2, creationSeconds: 300 })).toBe(1);
    expect(expiryMs([undefined, '1h'], { flagMs: 1, valueMs: 2, creationSeconds: 300 })).toBe(3_600_000);
  });

  it('passes over what was edited into something that is no duration', () => {
    expect(expiryMs(['soon'], { ...none, flagMs: 1 })).toBe(1);
  });
});
