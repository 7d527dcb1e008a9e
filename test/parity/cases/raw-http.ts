// Bytes to a server and back, for cases about HTTP itself.
import { connect } from 'node:tls';
import type { ParityContext } from '../context.ts';

const ANSWER_MS = 10_000;

export interface RawOptions {
  /** Ends the client's side once everything is sent. */
  readonly half?: boolean;
}

/**
 * Sends a text over a TLS connection of its own and gives everything that comes back until the server ends the connection.
 * `TOKEN` in the text stands for the administrator's token, `/NAMESPACE` for the path of the case's. Rejects after 10 s.
 */
export function sendRaw(t: ParityContext, text: string, { half = false }: RawOptions = {}): Promise<string> {
  const { hostname, port } = new URL(t.server.url);
  const bytes = text.replaceAll('TOKEN', t.server.token).replaceAll('/NAMESPACE', t.core);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: t.server.caPem }, () => {
      if (half) socket.end(bytes);
      else socket.write(bytes);
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection was not ended within ${ANSWER_MS} ms; so far: ${received.slice(0, 500)}`));
    }, ANSWER_MS);
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (received += chunk));
    // What came before a reset is an answer as well.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}

/** A request with the administrator's token whose connection ends with the answer. `headers` are whole lines. */
export const rawRequest = (start: string, headers: readonly string[] = [], body = ''): string =>
  `${[start, 'Host: server', 'Authorization: Bearer TOKEN', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;

/** The status code of an answer; 0 when there is none. */
export const codeOf = (answer: string): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
