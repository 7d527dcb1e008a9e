// Strict addresses: what looks like something else is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, parseAddress, parseCidr } from './address.ts';

describe('an address', () => {
  it.each(['10.0.0.1', '0.0.0.0', '255.255.255.255', '::', '2402:4e00::1', '::ffff:10.0.0.1'])('%s is one', (text) => {
    expect(parseAddress(text)).toBeDefined();
  });

  it.each([
    '10.1',
    '010.0.0.1',
    '0x0a.0.0.1',
    '10.0.0.256',
    '10.0.0.1 ',
    '167772161',
    '',
    'fe80::1%eth0',
    '[::1]',
    '1:2',
    '::ffff:010.0.0.1',
  ])('%j is none, since another program would read it differently', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('a CIDR', () => {
  it('without a prefix is the address alone', () => {
    expect(parseCidr('10.0.0.1')).toEqual({ family: 4, value: 0x0a000001n, prefix: 32 });
  });

  it('has its host bits cleared', () => {
    expect(parseCidr('10.0.3.7/16')).toEqual(parseCidr('10.0.0.0/16'));
  });

  it('0.0.0.0/n is everything, as the cloud stores it', () => {
    expect(parseCidr('0.0.0.0/24')).toEqual({ family: 4, value: 0n, prefix: 0 });
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', 'MY_PUBLIC_IP', '::/129'])(
    '%s is none',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  it('never contains an address of the other family', () => {
    const everything = parseCidr('0.0.0.0/0');
    const six = parseAddress('::1');
    expect(everything && six && contains(everything, six)).toBe(false);
  });

  it('contains exactly the addresses that share its leading bits', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const quad = fc.tuple(octet, octet, octet, octet);
    const bits = (parts: readonly number[]): string => parts.map((part) => part.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(quad, quad, fc.integer({ min: 1, max: 32 }), (network, host, prefix) => {
        fc.pre(network.some((part) => part !== 0));
        const cidr = parseCidr(`${network.join('.')}/${prefix}`);
        const address = parseAddress(host.join('.'));
        if (cidr === undefined || address === undefined) return false;
        return contains(cidr, address) === (bits(network).slice(0, prefix) === bits(host).slice(0, prefix));
      }),
    );
  });
});
