// Pages that are followed by a token instead of an offset (facts, section 13, DescribeSubnets): what comes and goes meanwhile shifts nothing.
import { ApiError } from './api-error.ts';
import { type Page, pageOf } from './paging.ts';
import { quotas } from './settings.ts';

export interface PageWish {
  readonly Offset?: number | undefined;
  readonly Limit?: number | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface TokenPage<T> extends Page<T> {
  /** Empty when nothing follows, and for pages by offset. */
  readonly nextToken: string;
}

/**
 * By offset unless MaxResults or NextToken is given; GUESS: both ways together exclude each other, and a token that no answer gave is
 * InvalidParameterValue.Malformed. The token names the last object shown; when that is gone, the page begins where it stood.
 */
export function pageByToken<T>(items: readonly T[], wish: PageWish, idOf: (item: T) => string): TokenPage<T> {
  const { Offset, Limit, MaxResults, NextToken } = wish;
  if (MaxResults === undefined && NextToken === undefined) return { ...pageOf(items, Offset, Limit), nextToken: '' };
  if (Offset !== undefined || Limit !== undefined)
    throw new ApiError('InvalidParameter.Coexist', 'Offset and Limit exclude MaxResults and NextToken');
  const size = MaxResults ?? 20;
  if (size < 1 || size > quotas.idsPerDescribe)
    throw new ApiError(
      'InvalidParameterValue.Range',
      `MaxResults is ${size}; it must be from 1 to ${quotas.idsPerDescribe}`,
    );
  const start = NextToken === undefined || NextToken === '' ? 0 : startAfter(items, NextToken, idOf);
  const page = items.slice(start, start + size);
  const last = page.at(-1);
  const more = start + page.length < items.length && last !== undefined;
  return { items: page, total: items.length, nextToken: more ? encode(idOf(last), start + page.length) : '' };
}

function startAfter<T>(items: readonly T[], token: string, idOf: (item: T) => string): number {
  const [id, position, ...rest] = Buffer.from(token, 'base64url').toString('utf8').split(' ');
  if (id === undefined || position === undefined || rest.length > 0 || !/^\d+$/.test(position))
    throw new ApiError('InvalidParameterValue.Malformed', `NextToken \`${token.slice(0, 80)}\` is none of an answer`);
  const at = items.findIndex((item) => idOf(item) === id);
  return at >= 0 ? at + 1 : Math.max(0, Number(position) - 1);
}

const encode = (id: string, position: number): string => Buffer.from(`${id} ${position}`).toString('base64url');
