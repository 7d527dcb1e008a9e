// Requests that are refused before they are requests: broken HTTP, other versions of it, headers without end.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { methodNotAllowed } from '../status.ts';

/** An answer without a request: the connection ends with it. */
export interface Refusal {
  /** `400 Bad Request`; what follows a colon is told as well. */
  readonly status: string;
  /** Default: the status as text, as Go's server says it. */
  readonly json?: string;
}

const badRequest: Refusal = { status: '400 Bad Request' };

/** For methods that the parser does not know, as for any that a resource does not have. */
export const methodRefusal: Refusal = {
  status: '405 Method Not Allowed',
  json: `${JSON.stringify(methodNotAllowed().toStatus())}\n`,
};

/** The refusal of a request that could be read but not served; `undefined` for all others. */
export function protocolRefusal(request: Pick<IncomingMessage, 'httpVersion' | 'headers'>): Refusal | undefined {
  const { httpVersion, headers } = request;
  if (httpVersion === '0.9') return badRequest;
  if (httpVersion !== '1.0' && httpVersion !== '1.1')
    return { status: '505 HTTP Version Not Supported: unsupported protocol version' };
  if (httpVersion === '1.1' && headers.host === undefined)
    return { status: '400 Bad Request: missing required Host header' };
  return undefined;
}

/** The refusal of what is no HTTP, by the parser's error code. */
export function parseRefusal(code: string): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return { status: '431 Request Header Fields Too Large' };
  return code === 'HPE_INVALID_METHOD' ? methodRefusal : badRequest;
}

/** Writes a refusal and ends the connection. */
export function refuseOn(socket: Duplex, { status, json }: Refusal): void {
  const type = json === undefined ? 'text/plain; charset=utf-8' : 'application/json';
  const body = json ?? status;
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
