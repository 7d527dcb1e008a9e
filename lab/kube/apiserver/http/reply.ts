// Answers: JSON bodies, Warning headers and Status errors.
import type { ServerResponse } from 'node:http';
import type { Status } from '../status.ts';

/** An answer ready to be sent. `json` is the body's text. */
export interface Reply {
  readonly code: number;
  readonly json: string;
  readonly contentType?: string;
}

export const jsonReply = (value: unknown, code = 200): Reply => ({ code, json: JSON.stringify(value) });

export const statusReply = (status: Status): Reply => jsonReply(status, status.code);

/** `299 - "text"`, as Kubernetes writes it; control characters would break the header. */
function warningHeader(message: string): string {
  const safe = Array.from(message)
    .map((character) => (character < ' ' || character === '\u007f' ? ' ' : character))
    .join('');
  return `299 - ${JSON.stringify(safe)}`;
}

/** Warnings as header values that Node accepts (Latin-1). */
export function warningHeaders(warnings: readonly string[]): string[] {
  return [...new Set(warnings)].map((message) => Buffer.from(warningHeader(message), 'utf8').toString('latin1'));
}

export function send(response: ServerResponse, reply: Reply, warnings: readonly string[]): void {
  const body = Buffer.from(reply.json, 'utf8');
  response.statusCode = reply.code;
  response.setHeader('Content-Type', reply.contentType ?? 'application/json');
  response.setHeader('Content-Length', body.length);
  response.setHeader('Cache-Control', 'no-cache, private');
  if (warnings.length > 0) response.setHeader('Warning', warningHeaders(warnings));
  response.end(body);
}
