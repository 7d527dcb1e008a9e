// One call to the API server with everything around it: tokens, budgets, time-outs, retries, and failures as ApiError.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { limitedSignal } from './abortable.ts';
import { ApiError, apiErrorFromAnswer, connectionError, malformedAnswer } from './api-error.ts';
import { backoffMs } from './backoff.ts';
import type { BearerToken } from './bearer-token.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { Lane, Transport } from './transport.ts';

/** A call as the client means it. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly lane: Lane;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiCallerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly token: BearerToken;
  readonly buckets: Readonly<Record<Lane, TokenBucket>>;
  readonly userAgent: string;
  readonly callTimeoutMs: number;
}

export interface ApiCaller {
  /** Sends, retries as the class of the failure allows, and gives the decoded body (JSON, or text when it is not JSON). */
  call(call: ApiCall): Promise<unknown>;
  /** Sends once and gives the open answer of a success; the caller reads the body. */
  open(call: ApiCall & { readonly signal: AbortSignal }): Promise<IncomingMessage>;
}

const MAX_RETRIES = 4;
const MAX_RETRY_WAIT_MS = 30_000;

/** Reads are retried on 429, 5xx and broken connections; writes only on 429 with Retry-After and on a 401 that a rotated token cures. */
export function createApiCaller(options: ApiCallerOptions): ApiCaller {
  const open: ApiCaller['open'] = async (call) => {
    await options.buckets[call.lane].take(call.signal);
    const answer = await send(options, call, call.signal);
    if (answer.statusCode !== 401 || !options.token.discard()) return expectSuccess(call, answer);
    answer.resume();
    return expectSuccess(call, await send(options, call, call.signal));
  };
  const once = async (call: ApiCall): Promise<unknown> => {
    const { callTimeoutMs, clock } = options;
    const limited = limitedSignal(clock, callTimeoutMs, call.signal, () =>
      connectionError(`${call.method} ${call.path}`, `no answer within ${callTimeoutMs} ms`, 'Timeout'),
    );
    try {
      const answer = await open({ ...call, signal: limited.signal });
      return await decodeBody(call, answer);
    } catch (error) {
      // The caller's own reason goes out as it is; everything else is told as a failed call.
      if (call.signal?.aborted) throw call.signal.reason;
      throw error instanceof Error && limited.signal.aborted ? limited.signal.reason : error;
    } finally {
      limited.release();
    }
  };
  const call: ApiCaller['call'] = async (request) => {
    for (let failures = 0; ; failures++) {
      try {
        return await once(request);
      } catch (error) {
        const waitMs = failures < MAX_RETRIES ? retryWaitMs(options, request, error, failures) : undefined;
        if (waitMs === undefined) throw error;
        options.logger.debug({ method: request.method, path: request.path, waitMs }, 'kubernetes call is retried');
        await options.clock.sleep(waitMs, request.signal);
      }
    }
  };
  return { call, open };
}

async function send(options: ApiCallerOptions, call: ApiCall, signal: AbortSignal): Promise<IncomingMessage> {
  const token = await options.token.current();
  return options.transport.send({
    method: call.method,
    path: call.path,
    lane: call.lane,
    signal,
    headers: {
      accept: 'application/json',
      'user-agent': options.userAgent,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
    },
    body: call.body === undefined ? undefined : JSON.stringify(call.body),
  });
}

async function expectSuccess(call: ApiCall, answer: IncomingMessage): Promise<IncomingMessage> {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return answer;
  const body = await decodeBody(call, answer).catch(() => undefined);
  throw apiErrorFromAnswer({
    call: `${call.method} ${call.path}`,
    status,
    body,
    retryAfterSeconds: retryAfter(answer),
  });
}

function retryAfter(answer: IncomingMessage): number | undefined {
  const header = answer.headers['retry-after'];
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined;
}

async function decodeBody(call: ApiCall, answer: IncomingMessage): Promise<unknown> {
  const name = `${call.method} ${call.path}`;
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw connectionError(name, error);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (!(answer.headers['content-type'] ?? '').includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedAnswer(name, `the answer is not JSON: ${text.slice(0, 100)}`, error);
  }
}

function retryWaitMs(options: ApiCallerOptions, call: ApiCall, error: unknown, failures: number): number | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const asked = error.retryAfterSeconds === undefined ? undefined : error.retryAfterSeconds * 1000;
  if (asked !== undefined && asked > MAX_RETRY_WAIT_MS) return undefined;
  const backoff = backoffMs(failures, { baseMs: 100, maxMs: 5_000, random: options.random });
  if (error.status === 429)
    return call.method === 'GET' || asked !== undefined ? Math.max(asked ?? 0, backoff) : undefined;
  const transient = error.status === 0 || (error.status >= 500 && error.retry !== 'terminal');
  return call.method === 'GET' && transient ? Math.max(asked ?? 0, backoff) : undefined;
}
