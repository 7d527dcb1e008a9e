import fc from 'fast-check';
import { expect, test } from 'vitest';

import { bindEip, emptyEipBook, type EipRecord } from '../eips/eip-state.ts';
import { EniIndex } from '../eni-index.ts';
import { type EniFields, IndexedEni } from '../eni-record.ts';
import type { EniRecord } from '../state.ts';
import { eniAnswer } from './eni-answer.ts';
import { eniText } from './eni-text.ts';

const id = (prefix: string): fc.Arbitrary<string> =>
  fc.stringMatching(/^[0-9a-z]{8}$/).map((tail) => `${prefix}-${tail}`);
const time = fc.date({
  min: new Date('1999-12-31T15:59:59Z'),
  max: new Date('2100-03-01T00:00:00Z'),
  noInvalidDate: true,
});
const words = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('"', '\\', 'a\nb', '\u2028', '名'));
const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });

const fields: fc.Arbitrary<EniFields> = fc.record({
  eniId: id('eni'),
  name: words,
  description: words,
  kind: fc.constantFrom('primary', 'secondary', 'sub'),
  state: fc.constantFrom('PENDING', 'AVAILABLE', 'ATTACHING', 'DETACHING', 'DELETING'),
  vpcId: id('vpc'),
  subnetId: id('subnet'),
  zone: words,
  mac: fc.constantFrom('02:ab:cd:00:00:01', '02:00:ff:12:34:56'),
  addresses: fc.uniqueArray(
    fc.record(
      {
        ip: fc.ipV4(),
        primary: fc.boolean(),
        state: fc.constantFrom('PENDING', 'MIGRATING', 'DELETING'),
        description: words,
      },
      { requiredKeys: ['ip', 'primary'] },
    ),
    { maxLength: 4, selector: (address) => address.ip },
  ) as fc.Arbitrary<EniRecord['addresses']>,
  securityGroupIds: fc.array(id('sg'), { maxLength: 3 }),
  attachment: nullable(fc.record({ instanceId: id('ins'), deviceIndex: fc.nat(9), at: time, plugged: fc.boolean() })),
  trunking: fc.boolean(),
  qosLevel: fc.constantFrom('PT', 'DEFAULT'),
  addressTasks: fc.nat(2),
  trunkEniId: nullable(id('eni')),
  vlanId: nullable(fc.integer({ min: 1, max: 4094 })),
  tags: fc.array(fc.record({ Key: words, Value: words }), { maxLength: 2 }),
  createdAt: time,
  visibleAt: fc.constant(0),
  wired: fc.boolean(),
  groupsReady: fc.boolean(),
  makeVlans: fc.constant(() => {
    throw new Error('not needed');
  }),
});

test('the text of an ENI is the JSON of its answer, whatever it holds', () => {
  fc.assert(
    fc.property(fields, fc.nat(4), fc.boolean(), (wanted, bound, blocked) => {
      const eni = new IndexedEni(new EniIndex(), wanted);
      const eips = emptyEipBook();
      const address = eni.addresses[bound];
      if (address !== undefined) {
        const eip = { addressId: 'eip-test0001', ip: '203.0.113.9', blocked } as EipRecord;
        eips.eips.set(eip.addressId, eip);
        bindEip(eips, eip, { eniId: eni.eniId, privateIp: address.ip });
      }
      expect(eniText(eni, eips).text).toBe(JSON.stringify(eniAnswer(eni, eips)));
    }),
  );
});
