// One request in whatever shape, and all that came back; for tests that throw anything at the server.
import { request } from 'node:https';
import { connect } from 'node:tls';
import type { ApiServer } from '../index.ts';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface Received {
  readonly code: number;
  readonly type: string;
  /** Of a watch: nothing, it is cut off once it begins. */
  readonly text: string;
}

/** Sends a request on a connection of its own. Rejects when the connection ends without an answer. */
export function exchange(api: ApiServer, { method, path, headers, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: api.port,
        ca: api.caPem,
        agent: false,
        method,
        path,
        headers: { authorization: `Bearer ${api.adminConnection().auth.token}`, ...headers },
      },
      (response) => {
        const code = response.statusCode ?? 0;
        const type = response.headers['content-type'] ?? '';
        // Only a stream has no length.
        if (code === 200 && response.headers['content-length'] === undefined && /watch/.test(path)) {
          response.destroy();
          resolve({ code, type, text: '' });
          return;
        }
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ code, type, text: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends bytes over TLS, ends the client's side, and gives what came back until the server ended its own. */
export function sendBytes(api: ApiServer, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: api.port, ca: api.caPem }, () => socket.end(bytes));
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}
