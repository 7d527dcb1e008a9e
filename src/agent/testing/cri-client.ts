// For tests: the few calls of kubelet to a container runtime (CRI, runtime.v1) that make and end a Pod's sandbox, by gRPC over its socket.
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

export interface SandboxWish {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly portMappings?: readonly { readonly hostPort: number; readonly containerPort: number }[];
  /** Directory for logs; the runtime wants one. */
  readonly logDirectory: string;
}

/** Every method rejects with the runtime's own words. */
export interface CriClient {
  /** Whether the runtime says NetworkReady. */
  networkReady(): Promise<boolean>;
  /** Id of the sandbox. */
  runSandbox(wish: SandboxWish): Promise<string>;
  /** As the runtime knows it from the result of ADD. */
  addressOf(id: string): Promise<string>;
  /** Network down, processes ended, sandbox forgotten. */
  removeSandbox(id: string): Promise<void>;
}

export function createCriClient(socket: string): CriClient {
  const call = (method: string, message: Buffer): Promise<Buffer> =>
    unary(socket, `/runtime.v1.RuntimeService/${method}`, message);
  return {
    networkReady: async () => {
      const conditions = fieldsOf(only(await call('Status', Buffer.alloc(0)), 1), 1).map((bytes) => ({
        type: only(bytes, 1).toString(),
        isTrue: numbersOf(bytes, 2)[0] === 1,
      }));
      return conditions.some(({ type, isTrue }) => type === 'NetworkReady' && isTrue);
    },
    runSandbox: async (wish) => {
      const config = Buffer.concat([
        bytes(
          1,
          Buffer.concat([text(1, wish.name), text(2, wish.uid), text(3, wish.namespace), number(4, wish.attempt ?? 0)]),
        ),
        text(2, wish.name),
        text(3, wish.logDirectory),
        ...(wish.portMappings ?? []).map(({ hostPort, containerPort }) =>
          bytes(5, Buffer.concat([number(2, containerPort), number(3, hostPort)])),
        ),
        ...Object.entries(wish.annotations ?? {}).map(([key, value]) =>
          bytes(7, Buffer.concat([text(1, key), text(2, value)])),
        ),
        bytes(8, Buffer.alloc(0)),
      ]);
      return only(await call('RunPodSandbox', bytes(1, config)), 1).toString();
    },
    addressOf: async (id) => only(only(only(await call('PodSandboxStatus', text(1, id)), 1), 5), 1).toString(),
    removeSandbox: async (id) => {
      await call('StopPodSandbox', text(1, id));
      await call('RemovePodSandbox', text(1, id));
    },
  };
}

/** One gRPC call (gRPC over HTTP/2: a message is one byte, four of length, and itself). */
async function unary(socket: string, path: string, message: Buffer): Promise<Buffer> {
  const session = connectHttp2('http://localhost', { createConnection: () => connect(socket) });
  const failed = once(session, 'error').then(([error]) => Promise.reject(error as Error));
  try {
    return await Promise.race([failed, request()]);
  } finally {
    session.destroy();
  }

  async function request(): Promise<Buffer> {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const status = { code: '', words: '' };
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      const { 'grpc-status': code, 'grpc-message': words } = headers;
      if (typeof code === 'string') status.code = code;
      if (typeof words === 'string') status.words = decodeURIComponent(words);
    };
    stream.on('response', note).on('trailers', note);
    stream.end(Buffer.concat([head, message]));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    if (status.code !== '0') throw new Error(`${path}: ${status.words}`);
    return Buffer.concat(chunks).subarray(5);
  }
}

const varint = (value: number): Buffer => {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
};
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, value: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
const text = (field: number, value: string): Buffer => bytes(field, Buffer.from(value));

interface Field {
  readonly field: number;
  readonly value: number | Buffer;
}

function* parse(message: Buffer): Generator<Field> {
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = read();
    const value = read();
    if (key % 8 === 0) yield { field: Math.floor(key / 8), value };
    else {
      yield { field: Math.floor(key / 8), value: message.subarray(at, at + value) };
      at += value;
    }
  }
}
const fieldsOf = (message: Buffer, field: number): readonly Buffer[] =>
  [...parse(message)].flatMap((one) => (one.field === field && typeof one.value !== 'number' ? [one.value] : []));
const numbersOf = (message: Buffer, field: number): readonly number[] =>
  [...parse(message)].flatMap((one) => (one.field === field && typeof one.value === 'number' ? [one.value] : []));
const only = (message: Buffer, field: number): Buffer => fieldsOf(message, field)[0] ?? Buffer.alloc(0);
