// For tests: the runtime's own WebSocket as a client of the API, with everything that it was told.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { ApiServer } from '../../index.ts';

export interface SocketClient {
  readonly protocol: string;
  /** Messages that came so far, as bytes. */
  readonly messages: readonly Buffer[];
  /** What came on a channel so far, joined. */
  channel(number: number): string;
  /** Resolves once `holds`. */
  until(holds: (client: SocketClient) => boolean): Promise<void>;
  send(data: Buffer | string): void;
  /** Resolves with the code of the close. */
  readonly closed: Promise<number>;
  close(): void;
}

/** Trusts the server from now on, as `curl --cacert` would. */
export function trust({ caPem }: ApiServer): void {
  setDefaultCACertificates([...getCACertificates('default'), caPem]);
}

/** Opens a socket as the bearer of a token. Rejects when the server does not switch protocols. */
export async function openSocket(
  api: ApiServer,
  path: string,
  protocols: readonly string[],
  token = api.adminConnection().auth.token,
): Promise<SocketClient> {
  const bearer = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
  const socket = new WebSocket(`${api.url.replace(/^http/, 'ws')}${path}`, [bearer, ...protocols]);
  socket.binaryType = 'arraybuffer';
  const messages: Buffer[] = [];
  const waiting = new Set<() => void>();
  const closed = Promise.withResolvers<number>();
  const opened = Promise.withResolvers<void>();
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (typeof data === 'string') messages.push(Buffer.from(data));
    else if (data instanceof ArrayBuffer) messages.push(Buffer.from(data));
    for (const check of waiting) check();
  });
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('error', () => opened.reject(new Error(`${path} did not become a WebSocket`)));
  socket.addEventListener('close', ({ code }) => closed.resolve(code));
  await opened.promise;
  const client: SocketClient = {
    protocol: socket.protocol,
    messages,
    channel: (number) =>
      Buffer.concat(
        messages.filter((message) => message[0] === number).map((message) => message.subarray(1)),
      ).toString(),
    until: (holds) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!holds(client)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    send: (data) => socket.send(data),
    closed: closed.promise,
    close: () => socket.close(),
  };
  return client;
}

/** A message of a binary channel. */
export const onChannel = (channel: number, data: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(data)]);
