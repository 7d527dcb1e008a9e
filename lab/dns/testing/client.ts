// A DNS client for tests: queries as bytes, answers as lines that people read.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { RECORD_TYPES } from '../message.ts';

/** One question with recursion desired; `edns` adds a record with that payload size. */
export function queryBytes(name: string, type: number, options: { readonly edns?: number } = {}): Buffer {
  const head = Buffer.alloc(12);
  [0x1234, 0x0100, 1, 0, 0, options.edns === undefined ? 0 : 1].forEach((value, index) =>
    head.writeUInt16BE(value, 2 * index),
  );
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  const opt = options.edns === undefined ? [] : [0, 0, 41, options.edns >> 8, options.edns & 255, 0, 0, 0, 0, 0, 0];
  return Buffer.concat([head, Buffer.from([...labels, 0, 0, type, 0, 1, ...opt])]);
}

export interface ReadAnswer {
  readonly id: number;
  readonly code: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly question: string;
  /** `NAME TTL TYPE VALUE` of the answer section. */
  readonly records: readonly string[];
  /** The same of the authority section. */
  readonly authority: readonly string[];
}

export function readAnswer(bytes: Buffer): ReadAnswer {
  const flags = bytes.readUInt16BE(2);
  const question = nameAt(bytes, 12);
  let at = question.next + 4;
  const section = (count: number): string[] =>
    Array.from({ length: count }, () => {
      const { text, next } = recordAt(bytes, at);
      at = next;
      return text;
    });
  return {
    id: bytes.readUInt16BE(0),
    code: flags & 15,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    question: question.name,
    records: section(bytes.readUInt16BE(6)),
    authority: section(bytes.readUInt16BE(8)),
  };
}

function recordAt(bytes: Buffer, at: number): { text: string; next: number } {
  const owner = nameAt(bytes, at);
  const type = bytes.readUInt16BE(owner.next);
  const ttl = bytes.readUInt32BE(owner.next + 4);
  const from = owner.next + 10;
  const next = from + bytes.readUInt16BE(owner.next + 8);
  const word = Object.entries(RECORD_TYPES).find(([, number]) => number === type)?.[0] ?? String(type);
  return { text: `${owner.name} ${ttl} ${word} ${valueAt(bytes, type, from, next)}`, next };
}

function valueAt(bytes: Buffer, type: number, from: number, to: number): string {
  if (type === RECORD_TYPES.A) return bytes.subarray(from, to).join('.');
  if (type === RECORD_TYPES.TXT) return bytes.toString('latin1', from + 1, to);
  if (type === RECORD_TYPES.SRV)
    return [0, 2, 4].map((offset) => bytes.readUInt16BE(from + offset)).join(' ') + ` ${nameAt(bytes, from + 6).name}`;
  return nameAt(bytes, from).name;
}

function nameAt(bytes: Buffer, from: number): { name: string; next: number } {
  const labels: string[] = [];
  let at = from;
  for (let length = bytes.readUInt8(at); length !== 0; length = bytes.readUInt8(at)) {
    if (length >= 0xc0) {
      const target = nameAt(bytes, bytes.readUInt16BE(at) & 0x3fff).name;
      return { name: [...labels, target].join('.'), next: at + 2 };
    }
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), next: at + 1 };
}

/** Asks by UDP. */
export async function askUdp(port: number, query: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    socket.send(query, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer;
  } finally {
    socket.close();
  }
}

/** Sends the pieces one by one over one TCP connection and gives the first `count` messages that come back. */
export async function askTcp(port: number, pieces: readonly Buffer[], count: number): Promise<Buffer[]> {
  const socket = connect(port, '127.0.0.1');
  const answers: Buffer[] = [];
  let held: Buffer = Buffer.alloc(0);
  for (const piece of pieces) socket.write(piece);
  for await (const chunk of socket) {
    held = Buffer.concat([held, chunk as Buffer]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      answers.push(held.subarray(2, end));
      held = held.subarray(end);
    }
    if (answers.length >= count) break;
  }
  socket.destroy();
  return answers;
}
