// DNS messages on the wire, and what becomes of broken ones.
import { describe, expect, it } from 'vitest';
import { decodeQuery, encodeAnswer, encodeRefusal, isStandardQuery, RECORD_TYPES, RESPONSE_CODES } from './message.ts';
import type { Answer } from './message.ts';
import { queryBytes, readAnswer } from './testing/client.ts';

const answer = (count: number): Answer => ({
  code: RESPONSE_CODES.noError,
  authoritative: true,
  answers: Array.from({ length: count }, (_, index) => ({
    name: 'web.shop',
    ttlSeconds: 30,
    data: { type: 'A', address: `10.0.0.${index}` },
  })),
});

describe('a query', () => {
  it('gives the name in lower case and the spelling beside it', () => {
    const query = decodeQuery(queryBytes('Web.Shop', RECORD_TYPES.A));
    expect(query).toMatchObject({
      question: { name: 'web.shop', type: 1, class: 1 },
      asked: { name: 'Web.Shop' },
      payloadSize: 512,
      edns: false,
      recursionDesired: true,
    });
  });

  it('may say how much the client takes, up to what travels in one piece', () => {
    expect(decodeQuery(queryBytes('a', RECORD_TYPES.A, { edns: 1000 })).payloadSize).toBe(1000);
    expect(decodeQuery(queryBytes('a', RECORD_TYPES.A, { edns: 65_000 })).payloadSize).toBe(1232);
    expect(decodeQuery(queryBytes('a', RECORD_TYPES.A, { edns: 100 })).payloadSize).toBe(512);
  });

  it('is refused, wherever it is cut off', () => {
    const whole = queryBytes('web.shop', RECORD_TYPES.A, { edns: 1232 });
    for (let length = 0; length < whole.length - 1; length += 1)
      expect(() => decodeQuery(whole.subarray(0, length))).toThrow('DNS message');
  });

  it('is refused when its name points at itself or its counts lie', () => {
    const pointing = queryBytes('a', RECORD_TYPES.A);
    pointing[12] = 0xc0;
    expect(() => decodeQuery(pointing)).toThrow('DNS message');
    const two = queryBytes('a', RECORD_TYPES.A);
    two.writeUInt16BE(2, 4);
    expect(() => decodeQuery(two)).toThrow('DNS message');
    const reply = queryBytes('a', RECORD_TYPES.A);
    reply.writeUInt16BE(0x8000, 2);
    expect(() => decodeQuery(reply)).toThrow('an answer, not a query');
    expect(encodeRefusal(reply, RESPONSE_CODES.formatError)).toBeUndefined();
  });

  it('of another kind is told apart', () => {
    const update = queryBytes('a', RECORD_TYPES.A);
    update.writeUInt16BE(5 << 11, 2);
    expect(isStandardQuery(update)).toBe(false);
    expect(isStandardQuery(queryBytes('a', RECORD_TYPES.A))).toBe(true);
  });
});

describe('an answer', () => {
  it('carries the question as it was asked, and every record', () => {
    const query = decodeQuery(queryBytes('Web.shop', RECORD_TYPES.A, { edns: 1232 }));
    const read = readAnswer(encodeAnswer(query, answer(2), 1232));
    expect(read).toMatchObject({ id: query.id, code: 0, authoritative: true, truncated: false, question: 'Web.shop' });
    expect(read.records).toEqual(['Web.shop 30 A 10.0.0.0', 'Web.shop 30 A 10.0.0.1']);
  });

  it('says that it is cut off where it does not fit, and fits', () => {
    const query = decodeQuery(queryBytes('web.shop', RECORD_TYPES.A));
    const bytes = encodeAnswer(query, answer(100), 512);
    expect(bytes.length).toBeLessThanOrEqual(512);
    expect(readAnswer(bytes)).toMatchObject({ truncated: true, records: [] });
    expect(readAnswer(encodeAnswer(query, answer(100), 65_535)).records).toHaveLength(100);
  });
});
