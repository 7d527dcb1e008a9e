// metav1.ListOptions: the query parameters of lists and watches, read and checked as a real server does.
import type { FieldError } from '../field-error.ts';
import { forbiddenField, notSupported } from '../field-error.ts';
import { badRequest, invalid, StatusError } from '../status.ts';

export interface ListOptions {
  /** 0: no limit. */
  readonly limit: number;
  /** '' when not given. */
  readonly continueToken: string;
  /** '' when not given; not yet checked to be a number. */
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** 0: the server's default. */
  readonly timeoutSeconds: number;
  readonly bookmarks: boolean;
  /** `undefined` when not given. */
  readonly sendInitialEvents: boolean | undefined;
}

/** Reads them. Throws 400 for numbers that are none, and 422 for combinations that mean nothing. */
export function listOptionsOf(query: URLSearchParams, watch: boolean): ListOptions {
  const limit = wholeNumber(query, 'limit');
  const timeoutSeconds = wholeNumber(query, 'timeoutSeconds');
  const match = query.get('resourceVersionMatch') ?? '';
  const sendInitialEvents = query.has('sendInitialEvents') ? flag(query, 'sendInitialEvents') : undefined;
  const read = {
    match,
    sendInitialEvents,
    resourceVersion: query.get('resourceVersion') ?? '',
    continueToken: query.get('continue') ?? '',
  };
  const faults = watch ? watchFaults(read) : listFaults(read);
  if (faults.length > 0) throw invalid('meta.k8s.io', 'ListOptions', '', faults);
  return {
    ...read,
    match: match === 'Exact' || match === 'NotOlderThan' ? match : '',
    limit: Math.max(0, limit),
    timeoutSeconds: Math.max(0, timeoutSeconds),
    bookmarks: flag(query, 'allowWatchBookmarks'),
  };
}

interface Given {
  readonly match: string;
  readonly resourceVersion: string;
  readonly continueToken: string;
  readonly sendInitialEvents: boolean | undefined;
}

const MATCH = 'resourceVersionMatch';

/** ValidateListOptions of k8s.io/apimachinery, for lists. */
function listFaults({ match, resourceVersion, continueToken, sendInitialEvents }: Given): FieldError[] {
  const faults: FieldError[] = [];
  if (match !== '') {
    if (resourceVersion === '')
      faults.push(forbiddenField(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
    if (continueToken !== '') faults.push(forbiddenField(MATCH, `${MATCH} is forbidden when continue is provided`));
    if (match !== 'Exact' && match !== 'NotOlderThan')
      faults.push(notSupported(MATCH, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0')
      faults.push(forbiddenField(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
  }
  if (sendInitialEvents !== undefined)
    faults.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return faults;
}

/** ValidateListOptions of k8s.io/apimachinery, for watches of a server with the feature WatchList. */
function watchFaults({ match, continueToken, sendInitialEvents }: Given): FieldError[] {
  const faults: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan')
    faults.push(forbiddenField(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`));
  if (match === '') return faults;
  if (sendInitialEvents === undefined)
    faults.push(forbiddenField(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`));
  if (match !== 'NotOlderThan') faults.push(notSupported(MATCH, match, ['NotOlderThan']));
  if (continueToken !== '') faults.push(forbiddenField(MATCH, `${MATCH} is forbidden when continue is provided`));
  return faults;
}

/** A truth value as query parameters write it: given and neither `false` nor `0`. */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && !['false', '0'].includes(text.toLowerCase());
}

const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

/** 0 when not given. Throws 400, worded by Go, for what is no 64-bit number. */
function wholeNumber(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null) return 0;
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
  if (value === undefined) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (value > INT64_MAX || value < -INT64_MAX - 1n)
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(value);
}

/** Why a text is no resourceVersion, in a real server's words; `undefined` when it is one. */
function revisionFault(text: string): string | undefined {
  const parsing = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`;
  return BigInt(text) > UINT64_MAX ? `${parsing}: value out of range` : undefined;
}

/** A resourceVersion that a cache is asked for; 0 when not given. Throws 500, as a real server does, for what is no number. */
export function cachedRevision(text: string): number {
  if (text === '') return 0;
  const fault = revisionFault(text);
  if (fault !== undefined) throw new StatusError(500, '', fault);
  return Number(text);
}

/** A resourceVersion that the database is asked for; 0 when not given. Throws 400 for what is no number. */
export function storedRevision(text: string): number {
  if (text === '') return 0;
  const fault = revisionFault(text);
  if (fault !== undefined) throw badRequest(`invalid resource version: ${fault}`);
  return Number(text);
}
