// The `continue` token of a paged list: where the next page begins, and of which version of everything.
import { posix } from 'node:path';
import { badRequest, StatusError } from '../status.ts';
import type { Status } from '../status.ts';

const FORMAT = 'meta.k8s.io/v1';

/** The revision that stands for "whatever is newest by now" (after the first version was forgotten). */
export const NEWEST = -1;

export interface ContinuePoint {
  /** First key of the page, relative to the keys that the request covers. */
  readonly start: string;
  /** Positive, or `NEWEST`. */
  readonly revision: number;
}

/** The token of the page after `lastKey` (relative to what the request covers). */
export function encodeContinue(lastKey: string, revision: number): string {
  return encode({ start: `${lastKey}\0`, revision });
}

function encode({ start, revision }: ContinuePoint): string {
  return Buffer.from(JSON.stringify({ v: FORMAT, rv: revision, start })).toString('base64url');
}

/** The reverse of `encodeContinue`. Throws 400, worded as a real server words it, for anything else. */
export function decodeContinue(token: string): ContinuePoint {
  const fault = (why: string): StatusError => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const stray = token.search(/[^A-Za-z0-9_-]/);
  if (stray >= 0) throw fault(`illegal base64 data at input byte ${stray}`);
  if (token.length % 4 === 1) throw fault(`illegal base64 data at input byte ${token.length - 1}`);
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const decoded = parse(Buffer.from(text, 'latin1').toString('utf8'));
  if (decoded === undefined)
    throw fault(
      text.trim() === ''
        ? 'unexpected end of JSON input'
        : `invalid character '${text.trim()[0] ?? ''}' looking for beginning of value`,
    );
  const { v, rv, start } = decoded;
  if (v !== FORMAT) throw fault(`server does not recognize this encoded version ${typeof v === 'string' ? v : ''}`);
  if (typeof rv !== 'number' || rv === 0) throw fault(`incorrect encoded start resourceVersion (version ${FORMAT})`);
  if (typeof start !== 'string' || start === '') throw fault(`encoded start key empty (version ${FORMAT})`);
  // A key that climbs out of what the request covers.
  const key = start.startsWith('/') ? start : `/${start}`;
  if (posix.normalize(key) !== key || (key.endsWith('/') && key !== '/')) throw fault(start);
  return { start: key.slice(1), revision: rv < 0 ? NEWEST : rv };
}

function parse(text: string): { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** 410 to a page of a version that was forgotten; its Status carries a token that goes on with what is newest. */
export class PageExpired extends StatusError {
  readonly #start: string;
  constructor(start: string) {
    super(
      410,
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
        'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
        'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
        'deleted between the time the first chunk was returned and now may show up in the list.',
    );
    this.#start = start;
  }
  override toStatus(): Status {
    return { ...super.toStatus(), metadata: { continue: encode({ start: this.#start, revision: NEWEST }) } };
  }
}
