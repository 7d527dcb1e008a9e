// DNS messages on the wire (RFC 1035): a question is read, an answer is written.
import dnsPacket from 'dns-packet';
import type { Answer as WireRecord, DecodedPacket, Question as WireQuestion } from 'dns-packet';
import { errorText, TrunklineError } from '../../src/base/errors.ts';
import { DNS_ERRORS } from './errors.ts';

export const RECORD_TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const;
export const RESPONSE_CODES = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;
export type ResponseCode = (typeof RESPONSE_CODES)[keyof typeof RESPONSE_CODES];

export interface Question {
  /** Lower case, without the final dot; empty for the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly question: Question;
  /** As the client spelled it, which the answer repeats. */
  readonly asked: WireQuestion;
  /** Bytes that the client takes by UDP: 512, or what its EDNS record says. */
  readonly payloadSize: number;
  /** The client speaks EDNS, so the answer does. */
  readonly edns: boolean;
}

export type RecordData =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'PTR' | 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly text: string }
  | {
      readonly type: 'SOA';
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      readonly minimumSeconds: number;
    };

export interface ResourceRecord {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly data: RecordData;
}

export interface Answer {
  readonly code: ResponseCode;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
}

const HEADER = 12;
/** Bits of the header's second word. */
const FLAGS = { response: 0x8000, opcode: 0x7800, truncated: 0x0200, recursionDesired: 0x0100, rcode: 0x000f } as const;
/** Without EDNS. */
const SMALLEST_PAYLOAD = 512;
/** What CoreDNS offers; larger answers go by TCP. */
const LARGEST_PAYLOAD = 1232;

/** Throws DNS-MESSAGE, with what is wrong, for what is not one question. */
export function decodeQuery(packet: Buffer): Query {
  if (packet.length < HEADER) throw bad(`only ${packet.length} bytes`);
  const decoded = read(packet);
  if (decoded.type !== 'query') throw bad('an answer, not a query');
  const [asked, ...more] = decoded.questions ?? [];
  if (asked === undefined || more.length > 0) throw bad(`${decoded.questions?.length ?? 0} questions; one is answered`);
  const spelling = asked.name === '.' ? '' : asked.name;
  if (!/^[\x21-\x7e]*$/.test(spelling)) throw bad('a name with other characters than visible ASCII');
  const end = HEADER + (spelling === '' ? 1 : spelling.length + 2);
  const opt = (decoded.additionals ?? []).find((record) => record.type === 'OPT');
  return {
    id: packet.readUInt16BE(0),
    recursionDesired: decoded.flag_rd,
    question: { name: spelling.toLowerCase(), type: packet.readUInt16BE(end), class: packet.readUInt16BE(end + 2) },
    asked,
    payloadSize: Math.min(Math.max(opt?.udpPayloadSize ?? 0, SMALLEST_PAYLOAD), LARGEST_PAYLOAD),
    edns: opt !== undefined,
  };
}

function read(packet: Buffer): DecodedPacket {
  try {
    return dnsPacket.decode(packet);
  } catch (error) {
    throw bad(errorText(error));
  }
}

/** Whether the opcode is that of an ordinary query; others are answered NOTIMP. */
export const isStandardQuery = (packet: Buffer): boolean =>
  packet.length >= HEADER && (packet.readUInt16BE(2) & FLAGS.opcode) === 0;

/** `limit` is what the transport takes: beyond it, the answer is empty but for the bit that says so. */
export function encodeAnswer(query: Query, answer: Answer, limit: number): Buffer {
  const whole = encode(query, answer);
  return whole.length <= limit ? whole : encode(query, { ...answer, answers: [], authority: [] }, FLAGS.truncated);
}

function encode(query: Query, { code, authoritative, answers, authority = [] }: Answer, more = 0): Buffer {
  const recursion = query.recursionDesired ? dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE : 0;
  const wire = (record: ResourceRecord): WireRecord => wireRecord(record, query);
  return dnsPacket.encode({
    type: 'response',
    id: query.id,
    flags: (authoritative ? dnsPacket.AUTHORITATIVE_ANSWER : 0) | recursion | more | code,
    questions: [query.asked],
    answers: answers.map(wire),
    authorities: authority.map(wire),
    additionals: query.edns ? [OFFER] : [],
  });
}

const OFFER: WireRecord = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: LARGEST_PAYLOAD,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** For what could not even be read: its id, and the reason as a code. */
export function encodeRefusal(packet: Buffer, code: ResponseCode): Buffer | undefined {
  if (packet.length < HEADER) return undefined;
  const flags = packet.readUInt16BE(2);
  if ((flags & FLAGS.response) !== 0) return undefined;
  return dnsPacket.encode({
    type: 'response',
    id: packet.readUInt16BE(0),
    flags: (flags & (FLAGS.opcode | FLAGS.recursionDesired)) | code,
  });
}

/** A record of the question's own name has its spelling. */
function wireRecord({ name, ttlSeconds: ttl, data }: ResourceRecord, { question, asked }: Query): WireRecord {
  const owner = { name: name === question.name ? asked.name : name, ttl };
  switch (data.type) {
    case 'A':
      return { ...owner, type: 'A', data: data.address };
    case 'PTR':
    case 'CNAME':
      return { ...owner, type: data.type, data: data.target };
    case 'SRV': {
      const { priority, weight, port, target } = data;
      return { ...owner, type: 'SRV', data: { priority, weight, port, target } };
    }
    case 'TXT':
      return { ...owner, type: 'TXT', data: data.text.slice(0, 255) };
    case 'SOA': {
      const { primary: mname, mailbox: rname, serial, minimumSeconds: minimum } = data;
      // Refresh, retry and expire as CoreDNS answers them.
      return {
        ...owner,
        type: 'SOA',
        data: { mname, rname, serial, refresh: 7200, retry: 1800, expire: 86_400, minimum },
      };
    }
  }
}

const bad = (reason: string): TrunklineError => new TrunklineError(DNS_ERRORS.message, `DNS message: ${reason}`);
