// The class of every failed call is decided here, once.
import { describe, expect, it } from 'vitest';
import {
  apiErrorFromAnswer,
  connectionError,
  isAlreadyExists,
  isConflict,
  isGone,
  isNotFound,
  malformedAnswer,
} from './api-error.ts';

const answer = (status: number, reason?: string) =>
  apiErrorFromAnswer({ call: 'GET /x', status, body: { kind: 'Status', reason, message: 'because', code: status } });

describe('ApiError', () => {
  it.each([
    [400, 'terminal'],
    [401, 'retry'],
    [403, 'retry'],
    [404, 'not-found'],
    [405, 'terminal'],
    [409, 'conflict'],
    [410, 'retry'],
    [413, 'terminal'],
    [422, 'terminal'],
    [429, 'retry-after'],
    [500, 'retry'],
    [501, 'terminal'],
    [503, 'retry'],
    [504, 'retry'],
  ] as const)('gives status %i the retry class %s', (status, retry) => {
    expect(answer(status).retry).toBe(retry);
  });

  it('keeps reason, details and the wait that the server asked for', () => {
    const error = apiErrorFromAnswer({
      call: 'PUT /y',
      status: 429,
      body: {
        kind: 'Status',
        reason: 'TooManyRequests',
        code: 429,
        details: { retryAfterSeconds: 7, causes: [{ reason: 'Why' }] },
      },
    });
    expect(error).toMatchObject({ reason: 'TooManyRequests', retryAfterSeconds: 7, code: 'KUBE-THROTTLED' });
    expect(error.details?.causes?.[0]?.reason).toBe('Why');
  });

  it("says method, path, status, reason and the server's message in one line", () => {
    expect(answer(409, 'Conflict').message).toBe('GET /x: 409 Conflict: because');
  });

  it('makes do with an answer that is not a Status object', () => {
    const error = apiErrorFromAnswer({ call: 'GET /x', status: 502, body: '<html>bad gateway</html>\n' });
    expect(error).toMatchObject({ status: 502, reason: 'InternalError', retry: 'retry' });
    expect(error.message).toBe('GET /x: 502 InternalError: <html>bad gateway</html>');
  });

  it('tells a lock that failed from a name that is taken', () => {
    expect([isConflict(answer(409, 'Conflict')), isAlreadyExists(answer(409, 'Conflict'))]).toEqual([true, false]);
    expect([isConflict(answer(409, 'AlreadyExists')), isAlreadyExists(answer(409, 'AlreadyExists'))]).toEqual([
      false,
      true,
    ]);
    expect([isNotFound(answer(404)), isGone(answer(410)), isGone(new Error('410'))]).toEqual([true, true, false]);
  });

  it('has status 0 and is retried when no proper answer arrived', () => {
    expect(connectionError('GET /x', new Error('refused'))).toMatchObject({
      status: 0,
      reason: 'ConnectionFailed',
      retry: 'retry',
    });
    expect(malformedAnswer('GET /x', 'not JSON')).toMatchObject({
      status: 0,
      code: 'KUBE-ANSWER-MALFORMED',
      retry: 'retry',
    });
  });
});
