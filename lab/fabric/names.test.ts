// Names in the kernel: within its limits and one for each thing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupName, listName, portName } from './names.ts';

const ids = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', '_', 'X', '"') }),
  fc.string({ maxLength: 40 }),
);

describe('portName', () => {
  it('is the id without its prefix', () => {
    expect(portName('eni-1a2b3c4d')).toBe('p1a2b3c4d');
  });

  it('fits an interface name and its quotes, whatever the id', () => {
    fc.assert(fc.property(ids, (id) => /^p[a-z0-9]{1,14}$/.test(portName(`eni-${id}`))));
  });
});

describe('groupName and listName', () => {
  it('keep the id readable', () => {
    expect(groupName('sg-1a2b3c4d')).toBe('1a2b3c4d');
    expect(listName(['sg-bb', 'sg-aa'])).toBe('bb_aa');
  });

  it('are different for different ids', () => {
    fc.assert(fc.property(ids, ids, (a, b) => a === b || groupName(`sg-${a}`) !== groupName(`sg-${b}`)));
    fc.assert(
      fc.property(fc.array(ids), fc.array(ids), (a, b) => a.join() === b.join() || listName(a) !== listName(b)),
    );
  });

  it('are words of nftables', () => {
    fc.assert(fc.property(fc.array(ids, { minLength: 1 }), (list) => /^[A-Za-z0-9_]{1,60}$/.test(listName(list))));
  });
});
