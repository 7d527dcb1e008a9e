// Requests for pods/log: from their query to a text that may go on for as long as the container does.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { errorText } from '../../../../src/base/errors.ts';
import type { Core, Scope } from '../core.ts';
import { forbiddenField, invalidValue } from '../field-error.ts';
import type { FieldError } from '../field-error.ts';
import type { Reply } from '../http/reply.ts';
import { textReply } from '../http/reply.ts';
import { badRequest, invalid, methodNotAllowed, StatusError } from '../status.ts';
import { StreamRefusal } from './node-streams.ts';
import type { LogOptions } from './node-streams.ts';
import { queryFlag } from './query-flag.ts';
import { nodeStreams, streamedPod } from './stream-target.ts';

/** Serves a request; `undefined` when the answer was sent, or is under way. Throws StatusError. */
export async function servePodLog(
  core: Core,
  scope: Scope,
  { method, response }: { readonly method: string; readonly response: ServerResponse },
): Promise<Reply | undefined> {
  if (method !== 'GET') throw methodNotAllowed();
  const options = logOptions(scope, core.clock.now());
  const pod = streamedPod(core, scope, scope.query.get('container') ?? '');
  // What is nowhere has written nothing.
  if (pod.nodeName === '') return { ...textReply(''), contentType: 'text/plain' };
  const stop = new AbortController();
  response.on('close', () => stop.abort(new Error('the client is gone')));
  const log = await nodeStreams(core, pod)
    .logs(pod.target, options, stop.signal)
    .catch((error: unknown) => {
      if (!(error instanceof StreamRefusal)) throw error;
      throw error.code === 504 ? new StatusError(500, '', error.message) : badRequest(error.message);
    });
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  response.flushHeaders();
  void sendAll(log, response, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) core.logger.warn({ pod: scope.name, error: errorText(error) }, 'a log could not be sent');
    response.destroy();
  });
  return undefined;
}

/** No faster than the client reads. */
async function sendAll(log: AsyncIterable<Uint8Array>, response: ServerResponse, signal: AbortSignal): Promise<void> {
  for await (const chunk of log) {
    if (signal.aborted) return;
    if (!response.write(chunk)) await once(response, 'drain', { signal });
  }
  response.end();
}

/** v1.PodLogOptions of a query. Throws 400 for what is no number or time, 422 for what may not be. */
function logOptions({ query, name }: Scope, now: Date): LogOptions {
  const sinceSeconds = numberOf(query, 'sinceSeconds');
  const sinceTime = query.get('sinceTime');
  const tailLines = numberOf(query, 'tailLines');
  const limitBytes = numberOf(query, 'limitBytes');
  const faults: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0)
    faults.push(invalidValue('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1)
    faults.push(invalidValue('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== null)
    faults.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    faults.push(invalidValue('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (faults.length > 0) throw invalid('', 'PodLogOptions', name, faults);
  const sinceMs = sinceSeconds === undefined ? timeOf(sinceTime) : now.getTime() - sinceSeconds * 1000;
  return {
    follow: queryFlag(query, 'follow'),
    previous: queryFlag(query, 'previous'),
    timestamps: queryFlag(query, 'timestamps'),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  if (/^[+-]?\d{1,18}$/.test(given)) return Number(given);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`);
}

function timeOf(given: string | null): number | undefined {
  if (given === null || given === '') return undefined;
  const ms = /^\d{4}-\d\d-\d\dT/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(ms))
    throw badRequest(
      `parsing time ${JSON.stringify(given)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(given)} as "2006"`,
    );
  return ms;
}
