// Requests in Kubernetes' protobuf form, which newer kubectl uses for the kinds it has types of, made into the JSON form.
import type { JsonObject } from '../json.ts';
import { setOwn } from '../json.ts';
import { messages } from './messages.ts';
import type { WireField } from './wire.ts';
import { readFields, WireError } from './wire.ts';

/** The message cannot be read: not protobuf, or a kind or field that is not described. */
export class ProtobufError extends Error {}

const MAGIC = Buffer.from('k8s\0', 'latin1');

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly map: boolean;
  readonly pointer: boolean;
}

type Table = ReadonlyMap<string, ReadonlyMap<number, Field>>;

/** Makes a decoder; the table of messages is read once. */
export function createProtobufDecoder(): (body: Buffer) => JsonObject {
  const table = readTable(messages);
  return (body) => {
    try {
      return decodeEnvelope(table, body);
    } catch (error) {
      if (error instanceof WireError) throw new ProtobufError(error.message);
      throw error;
    }
  };
}

function readTable(text: string): Table {
  const table = new Map<string, Map<number, Field>>();
  let current = new Map<number, Field>();
  for (const line of text.split('\n').filter((entry) => entry.trim() !== '')) {
    const words = line.trim().split(' ');
    if (!line.startsWith(' ')) {
      current = new Map();
      table.set(words[0] ?? '', current);
      continue;
    }
    const [number, name = '', first = '', second = ''] = words;
    const map = first === 'map';
    const type = map ? second : first.replace(/^(\[\]|\*)/, '');
    current.set(Number(number), { name, type, map, repeated: first.startsWith('[]'), pointer: first.startsWith('*') });
  }
  return table;
}

/** `k8s\0`, then the type's name (1) and the message (2). */
function decodeEnvelope(table: Table, body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC))
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const envelope = readFields(body.subarray(MAGIC.length));
  const typeMeta = bytesOf(envelope.find((field) => field.number === 1));
  const names = new Map(readFields(typeMeta).map((field) => [field.number, bytesOf(field).toString('utf8')]));
  const apiVersion = names.get(1) ?? '';
  const kind = names.get(2) ?? '';
  if (!table.has(kind))
    throw new ProtobufError(`the embedded API server does not read ${apiVersion} ${kind} as protobuf; send JSON`);
  return { apiVersion, kind, ...decodeMessage(table, kind, bytesOf(envelope.find((field) => field.number === 2))) };
}

function bytesOf(field: WireField | undefined): Buffer {
  if (field === undefined) return Buffer.alloc(0);
  if (!Buffer.isBuffer(field.value)) throw new ProtobufError(`field ${field.number} should have a length`);
  return field.value;
}

function decodeMessage(table: Table, type: string, bytes: Buffer): JsonObject {
  const fields = table.get(type);
  if (fields === undefined) throw new Error(`protobuf table: no message ${type}`);
  const object: JsonObject = {};
  for (const wire of readFields(bytes)) {
    const field = fields.get(wire.number);
    if (field === undefined)
      throw new ProtobufError(
        `the embedded API server does not read field ${wire.number} of ${type} as protobuf; send JSON`,
      );
    if (field.map) addEntry(table, object, field, wire);
    else if (field.repeated) object[field.name] = [...asList(object[field.name]), decodeValue(table, field, wire)];
    else {
      const value = decodeValue(table, field, wire);
      if (field.pointer || !isZero(value)) object[field.name] = value;
    }
  }
  return object;
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isZero = (value: unknown): boolean => value === '' || value === 0 || value === false || value === undefined;

function addEntry(table: Table, object: JsonObject, field: Field, wire: WireField): void {
  const entry = new Map(readFields(bytesOf(wire)).map((part) => [part.number, part]));
  const key = bytesOf(entry.get(1)).toString('utf8');
  const made = (object[field.name] ??= {}) as JsonObject;
  const value = entry.get(2);
  setOwn(made, key, value === undefined ? '' : decodeValue(table, field, value));
}

function decodeValue(table: Table, field: Field, wire: WireField): unknown {
  switch (field.type) {
    case 'int':
      return Number(wire.value);
    case 'bool':
      return wire.value === 1n;
    case 'string':
      return bytesOf(wire).toString('utf8');
    case 'bytes':
      return bytesOf(wire).toString('base64');
    case 'time':
      return timeOf(bytesOf(wire));
    case 'intOrString':
      return intOrString(bytesOf(wire));
    case 'empty':
      if (bytesOf(wire).length > 0 && field.name !== 'status')
        throw new ProtobufError(`the embedded API server does not read ${field.name} as protobuf; send JSON`);
      return undefined;
    default:
      return decodeMessage(table, field.type, bytesOf(wire));
  }
}

/** seconds (1); an empty message is the zero time, which JSON leaves out. */
function timeOf(bytes: Buffer): string | undefined {
  const seconds = readFields(bytes).find((field) => field.number === 1)?.value;
  if (typeof seconds !== 'bigint') return undefined;
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** type (1: 0 whole number, 1 text), number (2), text (3). */
function intOrString(bytes: Buffer): unknown {
  const parts = new Map(readFields(bytes).map((field) => [field.number, field]));
  if (parts.get(1)?.value === 1n) return bytesOf(parts.get(3)).toString('utf8');
  return Number(parts.get(2)?.value ?? 0n);
}
