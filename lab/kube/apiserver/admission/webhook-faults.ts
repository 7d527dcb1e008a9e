// What can go wrong on the way to a webhook and back, in the words of the Go client that real servers call webhooks with.
import { isObject, stringAt } from '../json.ts';

const UNKNOWN_AUTHORITY = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

/** A connection that was not made, or ended. */
export function connectionFault(error: Error, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded';
  const code = textMember(error, 'code');
  const address = textMember(error, 'address');
  const port = 'port' in error && typeof error.port === 'number' ? `:${error.port}` : '';
  if (code === 'ECONNREFUSED')
    return `dial tcp ${address.includes(':') ? `[${address}]` : address}${port}: connect: connection refused`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${textMember(error, 'hostname')}: no such host`;
  if (code === 'ECONNRESET') return 'EOF';
  const untrusted = 'tls: failed to verify certificate: x509:';
  if (UNKNOWN_AUTHORITY.includes(code)) return `${untrusted} certificate signed by unknown authority`;
  return code.includes('CERT') ? `${untrusted} ${error.message}` : error.message;
}

function textMember(error: object, name: string): string {
  const value = Object.entries(error).find(([key]) => key === name)?.[1] as unknown;
  return typeof value === 'string' ? value : '';
}

const BY_CODE: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** An answer other than success: the message of its Status when it is one, otherwise what the code stands for. */
export function statusFault(code: number, body: string): string {
  const status = statusMessage(body);
  if (status !== undefined) return status;
  // A body that is no text says nothing.
  const message = body.trim() === '' ? 'unknown' : body.trim();
  if (code === 403 || code === 415) return message;
  if (code === 406 && message !== 'unknown') return message;
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  return code >= 500
    ? `an error on the server (${JSON.stringify(message)}) has prevented the request from succeeding`
    : `the server responded with the status code ${code} but did not return more information`;
}

function statusMessage(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) && value['kind'] === 'Status' ? stringAt(value, 'message') : undefined;
  } catch {
    return undefined;
  }
}

/** A success without a body. */
export const emptyAnswer = (code: number, contentType: string): string =>
  `0-length response with status code: ${code} and content type: ${contentType}`;
