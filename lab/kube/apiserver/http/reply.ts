// Answers on their way out: JSON or YAML, small or gzipped, with Warning headers.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Status } from '../status.ts';
import type { Form } from './negotiation.ts';
import { firstSlices, sendSlices } from './list-body.ts';
import { writeYaml } from './yaml-text.ts';

/** A request with what its answer needs. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly warnings: readonly string[];
}

/** An answer ready to be sent. `json` is the body's text. */
export interface Reply {
  readonly code: number;
  readonly json: string;
  /** The same text and its line feed in slices, of answers that may be large. */
  readonly slices?: () => Iterable<string>;
  /** Default: JSON, which is also what may be sent as YAML or with line breaks instead. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Smaller answers are not worth the work; the threshold of a real server. */
const GZIP_FROM_BYTES = 128 * 1024;
/** The level of a real server: least work. */
const GZIP = { level: constants.Z_BEST_SPEED };

const compress = promisify(gzip);

export const jsonReply = (value: unknown, code = 200): Reply => ({ code, json: JSON.stringify(value) });

export const statusReply = (status: Status): Reply => jsonReply(status, status.code ?? 200);

export const textReply = (text: string, code = 200): Reply => ({
  code,
  json: text,
  contentType: 'text/plain; charset=utf-8',
  headers: { 'X-Content-Type-Options': 'nosniff' },
});

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

/** Sends a reply in the form that was agreed on. Never throws. */
export async function send(
  { request, response, warnings }: Exchange,
  reply: Reply,
  form: Pick<Form, 'media' | 'pretty'>,
): Promise<void> {
  const slices = form.media === 'json' && !form.pretty ? firstSlices(reply) : undefined;
  if (slices?.more !== undefined) {
    const zip = takesGzip(request);
    response.writeHead(reply.code, headersOf(reply, warnings, form, zip));
    await sendSlices(response, slices.more, zip).catch(() => response.destroy());
    return;
  }
  const text = slices?.all ?? bodyText(reply, form);
  const length = Buffer.byteLength(text);
  const zipped = length > GZIP_FROM_BYTES && takesGzip(request);
  const body = zipped ? await compress(text, GZIP) : text;
  if (response.destroyed || response.headersSent) return;
  const headers = headersOf(reply, warnings, form, zipped);
  headers['Content-Length'] = zipped ? body.length : length;
  response.writeHead(reply.code, headers);
  response.end(body);
}

function headersOf(
  reply: Reply,
  warnings: readonly string[],
  form: Pick<Form, 'media'>,
  zipped: boolean,
): OutgoingHttpHeaders {
  return {
    'Cache-Control': 'no-cache, private',
    'Content-Type': reply.contentType ?? `application/${form.media}`,
    ...reply.headers,
    ...(warnings.length > 0 ? { Warning: warningHeaders(warnings) } : {}),
    ...(zipped ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
  };
}

function bodyText({ json, contentType }: Reply, form: Pick<Form, 'media' | 'pretty'>): string {
  if (contentType !== undefined || json === '') return json;
  if (form.media === 'yaml') return writeYaml(JSON.parse(json));
  if (form.pretty) return `${JSON.stringify(JSON.parse(json), undefined, 2)}\n`;
  return `${json}\n`;
}

/** The word alone counts, as on a real server: `gzip;q=1` is not understood. */
const takesGzip = (request: IncomingMessage): boolean =>
  (request.headers['accept-encoding'] ?? '')
    .toString()
    .split(',')
    .some((token) => token.trim() === 'gzip');
