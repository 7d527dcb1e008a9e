// Documents that a client may keep: an ETag, and 304 for who has it already.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Reply } from './reply.ts';

/** The tag of a text, as real servers make it: SHA-512 in capitals. */
export const tagOf = (text: string): string => createHash('sha512').update(text).digest('hex').toUpperCase();

/** The text with its tag; 304 without a body when `If-None-Match` names it. */
export function taggedReply(
  text: string,
  contentType: string,
  headers: IncomingHttpHeaders,
  more: Readonly<Record<string, string>> = {},
): Reply {
  const tag = `"${tagOf(text)}"`;
  const answered = { Etag: tag, Vary: 'Accept', ...more };
  const known = (headers['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (known.includes(tag) || known.includes('*')) return { code: 304, json: '', contentType, headers: answered };
  return { code: 200, json: text, contentType, headers: answered };
}
