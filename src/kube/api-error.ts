// What a failed Kubernetes call throws: status, reason and details as data, with the retry class decided once, here.
import { z } from 'zod';
import { type CatalogueEntry, TrunklineError } from '../base/errors.ts';
import { kubeErrors } from './kube-errors.ts';

/** metav1.StatusDetails, as far as anyone reads it. */
export interface StatusDetails {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly uid?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly causes?:
    | readonly {
        readonly reason?: string | undefined;
        readonly message?: string | undefined;
        readonly field?: string | undefined;
      }[]
    | undefined;
}

/** The parts that an `ApiError` is made of. */
export interface ApiErrorInit {
  /** HTTP status; 0 when no answer arrived. */
  readonly status: number;
  /** metav1.Status reason such as `Conflict`, or ours: `ConnectionFailed`, `Timeout`, `MalformedAnswer`. */
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails | undefined;
  /** Seconds the server asked to wait. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A failed call. `status` is 0 when the server did not answer. The retry class (`retry`) follows from status and reason:
 * 409 conflict, 404 not-found, 429 retry-after, 400/405/413/415/422/501 terminal, everything else retry.
 */
export class ApiError extends TrunklineError {
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly retryAfterSeconds: number | undefined;
  constructor(init: ApiErrorInit) {
    super(entryOf(init.status, init.reason), init.message, {
      cause: init.cause,
      facts: { status: init.status, reason: init.reason },
    });
    this.name = 'ApiError';
    this.status = init.status;
    this.reason = init.reason;
    this.details = init.details;
    this.retryAfterSeconds = init.retryAfterSeconds ?? init.details?.retryAfterSeconds;
  }
}

// Plain answers rather than type guards: a guard's `false` would tell the compiler that the value is no ApiError at all.
/** The object (or resource) does not exist. */
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** An optimistic lock or precondition failed; false for a name that is taken. */
export const isConflict = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 409 && error.reason !== 'AlreadyExists';

/** A create met an object of the same name. */
export const isAlreadyExists = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 409 && error.reason === 'AlreadyExists';

/** A resourceVersion or continue token is too old: list again. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 410;

const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  code: z.number().optional().catch(undefined),
  details: z
    .object({
      name: z.string().optional(),
      group: z.string().optional(),
      kind: z.string().optional(),
      uid: z.string().optional(),
      retryAfterSeconds: z.number().optional(),
      causes: z
        .array(
          z.object({ reason: z.string().optional(), message: z.string().optional(), field: z.string().optional() }),
        )
        .optional(),
    })
    .optional()
    .catch(undefined),
});

/** Where and with what a call failed. */
export interface FailedAnswer {
  /** Method and path, the beginning of the message. */
  readonly call: string;
  /** HTTP status; a Status object that carries its own code wins (errors inside a watch). */
  readonly status: number;
  /** The decoded body: a Status object, other JSON, or text. */
  readonly body: unknown;
  readonly retryAfterSeconds?: number | undefined;
}

/** Builds the error of an answer that is not a success, from a metav1.Status when there is one. Never throws. */
export function apiErrorFromAnswer(answer: FailedAnswer): ApiError {
  const parsed = statusSchema.safeParse(answer.body);
  if (!parsed.success) return errorWithoutStatusObject(answer);
  const status = parsed.data.code ?? answer.status;
  const reason = parsed.data.reason ?? defaultReason(status);
  return new ApiError({
    status,
    reason,
    message: `${answer.call}: ${status} ${reason}: ${parsed.data.message ?? 'the server gave no message'}`,
    details: parsed.data.details,
    retryAfterSeconds: answer.retryAfterSeconds,
  });
}

/** The server could not be reached or broke off. */
export function connectionError(
  call: string,
  cause: unknown,
  reason: 'ConnectionFailed' | 'Timeout' = 'ConnectionFailed',
): ApiError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ApiError({ status: 0, reason, message: `${call}: ${text}`, cause });
}

/** The server answered, but not with the JSON that its API promises. */
export function malformedAnswer(call: string, problem: string, cause?: unknown): ApiError {
  return new ApiError({ status: 0, reason: 'MalformedAnswer', message: `${call}: ${problem}`, cause });
}

function errorWithoutStatusObject(answer: FailedAnswer): ApiError {
  const text = typeof answer.body === 'string' ? answer.body.trim().slice(0, 200) : 'the answer is not a Status object';
  const reason = defaultReason(answer.status);
  return new ApiError({
    status: answer.status,
    reason,
    message: `${answer.call}: ${answer.status} ${reason}: ${text}`,
    retryAfterSeconds: answer.retryAfterSeconds,
  });
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function defaultReason(status: number): string {
  return REASONS[status] ?? (status >= 500 ? 'InternalError' : 'Unknown');
}

const TERMINAL: ReadonlySet<number> = new Set([400, 405, 406, 413, 415, 422, 501]);

function entryOf(status: number, reason: string): CatalogueEntry {
  if (status === 0) return reason === 'MalformedAnswer' ? kubeErrors.answerMalformed : kubeErrors.connection;
  if (TERMINAL.has(status)) return kubeErrors.rejected;
  switch (status) {
    case 401:
      return kubeErrors.unauthorized;
    case 403:
      return kubeErrors.forbidden;
    case 404:
      return kubeErrors.notFound;
    case 409:
      return kubeErrors.conflict;
    case 410:
      return kubeErrors.expired;
    case 429:
      return kubeErrors.throttled;
    default:
      return kubeErrors.serverError;
  }
}
