import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type AddressPool, cidrContains, createAddressPool, ipToNumber, numberToIp, parseCidr4 } from './addresses.ts';

function pool(cidr: string): AddressPool {
  const parsed = parseCidr4(cidr);
  if (parsed === undefined) throw new Error(`${cidr} is no CIDR`);
  return createAddressPool(parsed);
}

describe('an address pool', () => {
  test('of a /24 offers .2 to .254', () => {
    const addresses = pool('10.0.1.0/24');
    const taken = Array.from({ length: 253 }, () => addresses.take());
    expect([addresses.gateway, taken[0], taken.at(-1), addresses.take()]).toEqual([
      '10.0.1.1',
      '10.0.1.2',
      '10.0.1.254',
      undefined,
    ]);
  });

  test('never gives an address that is held, whatever the order of taking, claiming and releasing', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ release: fc.boolean(), last: fc.nat({ max: 15 }) })), (steps) => {
        const addresses = pool('10.0.0.0/28');
        const held = new Set<string>();
        for (const { release, last } of steps) {
          const ip = `10.0.0.${last}`;
          if (release) {
            addresses.release(ip);
            held.delete(ip);
          } else {
            const given = addresses.claim(ip) === 'taken' ? ip : addresses.take();
            if (given === undefined) continue;
            expect(held.has(given)).toBe(false);
            held.add(given);
          }
          expect(addresses.available()).toBe(addresses.total - held.size);
        }
      }),
    );
  });
});

test('addresses survive the way to numbers and back', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 32 - 1 }), (value) => {
      expect(ipToNumber(numberToIp(value))).toBe(value);
    }),
  );
});

test.each(['10.0.0.1/24', '10.0.0.0', '10.0.0.0/33', '300.0.0.0/8', 'x/8'])('`%s` is no network', (text) => {
  expect(parseCidr4(text)).toBeUndefined();
});

test('a network contains its parts and not its neighbours', () => {
  const of = (text: string) => parseCidr4(text) ?? { base: 0, prefix: 0 };
  const inside = ['10.0.0.0/16', '10.0.255.0/24', '10.1.0.0/24', '10.0.0.0/15'].map((inner) =>
    cidrContains(of('10.0.0.0/16'), of(inner)),
  );
  expect(inside).toEqual([true, true, false, false]);
});
