// Results and errors as each protocol version wants them.
import { describe, expect, it } from 'vitest';
import { cniCodes, CniError, cniErrorResultSchema, errorResult } from './error.ts';
import { addressesIn, addResult } from './result.ts';
import { type CniVersion, cniVersions } from './version.ts';

const attachment = {
  hostInterface: { name: 'tkeabc', mac: 'ee:ee:ee:ee:ee:ee' },
  podInterface: { name: 'eth0', mac: '02:00:00:00:00:05', netns: '/run/netns/p' },
  ip: '10.0.36.21',
  gateway: '169.254.1.1',
};

describe('the result of ADD', () => {
  it('names both ends, and the address belongs to the one in the Pod', () => {
    const result = addResult(attachment, '1.0.0');
    expect(result).toEqual({
      cniVersion: '1.0.0',
      interfaces: [
        { name: 'tkeabc', mac: 'ee:ee:ee:ee:ee:ee' },
        { name: 'eth0', mac: '02:00:00:00:00:05', sandbox: '/run/netns/p' },
      ],
      ips: [{ address: '10.0.36.21/32', gateway: '169.254.1.1', interface: 1 }],
      routes: [{ dst: '0.0.0.0/0', gw: '169.254.1.1' }],
      dns: {},
    });
    expect(result.interfaces[result.ips[0]?.interface ?? -1]?.sandbox).toBe('/run/netns/p');
  });

  it.each<[CniVersion, '4' | undefined]>([
    ['0.3.1', '4'],
    ['0.4.0', '4'],
    ['1.0.0', undefined],
    ['1.1.0', undefined],
  ])('in %s carries the address family %j', (version, family) => {
    expect(addResult(attachment, version).ips[0]?.version).toBe(family);
  });

  it.each(cniVersions)('says in which version it is: %s', (version) => {
    expect(addResult(attachment, version).cniVersion).toBe(version);
  });
});

describe('the result that a runtime kept', () => {
  it('has the addresses, whatever others put into it', () => {
    const result = { ...addResult(attachment, '1.1.0'), routes: [{ dst: '10.0.0.0/8', mtu: 1400 }], theirs: true };
    expect(addressesIn(result)).toEqual(['10.0.36.21/32']);
    expect(addressesIn({})).toEqual([]);
    expect(addressesIn(undefined)).toBeUndefined();
  });

  it.each([null, 7, 'x', { ips: 'x' }, { ips: [{}] }])('is refused when it is none: %j', (result) => {
    expect(() => addressesIn(result)).toThrow(expect.objectContaining({ code: cniCodes.invalidConfiguration }));
  });
});

describe('an error result', () => {
  it('carries code, message and details in the version of the call', () => {
    const error = new CniError(cniCodes.tryAgainLater, 'no VpcENI yet', 'wait');
    expect(errorResult(error, '0.4.0')).toEqual({
      cniVersion: '0.4.0',
      code: 11,
      msg: 'no VpcENI yet',
      details: 'wait',
    });
    expect(cniErrorResultSchema.safeParse(errorResult(error, '0.4.0')).success).toBe(true);
  });

  it('has no details when there are none', () => {
    expect(errorResult(new CniError(cniCodes.ioFailure, 'm'), '1.1.0')).not.toHaveProperty('details');
  });
});
