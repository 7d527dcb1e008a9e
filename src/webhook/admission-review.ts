// The AdmissionReview protocol (admission.k8s.io/v1): what the API server asks and what it is answered.
import { z } from 'zod';
import { isMap, isNone, isTextOrNone } from './guards.ts';
import type { PatchOperation } from './pod-patch.ts';

const requestSchema = z.object({
  uid: z.string().min(1),
  operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
  namespace: z.string().nullish(),
  name: z.string().nullish(),
  userInfo: z.object({ username: z.string().nullish() }).nullish(),
  /** Nothing is stored. */
  dryRun: z.boolean().nullish(),
  /** Decoded by whoever needs it. */
  object: z.unknown(),
  oldObject: z.unknown(),
});

export const admissionReviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1', { error: 'expected admission.k8s.io/v1' }),
  kind: z.literal('AdmissionReview', { error: 'expected AdmissionReview' }),
  request: requestSchema,
});

export type AdmissionRequest = z.output<typeof requestSchema>;

/** By the schema; a review in the usual form is not taken apart, since it is on the way of every Pod. A text says what is wrong. */
export function readReview(body: unknown): AdmissionRequest | string {
  if (isUsual(body)) return body.request;
  const decoded = admissionReviewSchema.safeParse(body);
  return decoded.success ? decoded.data.request : (decoded.error.issues[0]?.message ?? 'not accepted');
}

const OPERATIONS: readonly unknown[] = requestSchema.shape.operation.options;

/** What the schema accepts. */
function isUsual(body: unknown): body is { readonly request: AdmissionRequest } {
  if (!isMap(body) || body['apiVersion'] !== 'admission.k8s.io/v1' || body['kind'] !== 'AdmissionReview') return false;
  const { request } = body;
  if (!isMap(request)) return false;
  const { uid, userInfo, dryRun } = request;
  return (
    typeof uid === 'string' &&
    uid !== '' &&
    OPERATIONS.includes(request['operation']) &&
    isTextOrNone(request['namespace']) &&
    isTextOrNone(request['name']) &&
    (isNone(userInfo) || (isMap(userInfo) && isTextOrNone(userInfo['username']))) &&
    (isNone(dryRun) || typeof dryRun === 'boolean')
  );
}

/** An answer before it is put on the wire. */
export type Verdict =
  | {
      readonly allowed: true;
      readonly patch: readonly PatchOperation[];
      readonly warnings: readonly string[];
      /** A line for our own log. */
      readonly note?: string;
    }
  | { readonly allowed: false; readonly code: number; readonly reason: string; readonly message: string };

export const allow = (warnings: readonly string[] = [], patch: readonly PatchOperation[] = []): Verdict => ({
  allowed: true,
  patch,
  warnings,
});

/** Refused because of what the object says; the same request will be refused again. */
export const forbid = (message: string): Verdict => ({ allowed: false, code: 403, reason: 'Forbidden', message });

/** Refused because of the object's form. */
export const invalid = (message: string): Verdict => ({ allowed: false, code: 422, reason: 'Invalid', message });

/** Refused because we cannot know the right answer now; the same request may pass a moment later. */
export const notNow = (message: string): Verdict => ({
  allowed: false,
  code: 503,
  reason: 'ServiceUnavailable',
  message,
});

/** The whole AdmissionReview to send back. */
export function reviewAnswer(uid: string, verdict: Verdict): unknown {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...responseBody(verdict) } };
}

function responseBody(verdict: Verdict): object {
  if (!verdict.allowed) {
    const { code, reason, message } = verdict;
    return { allowed: false, status: { status: 'Failure', code, reason, message } };
  }
  const warnings = verdict.warnings.length === 0 ? {} : { warnings: verdict.warnings };
  if (verdict.patch.length === 0) return { allowed: true, ...warnings };
  return {
    allowed: true,
    ...warnings,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(verdict.patch)).toString('base64'),
  };
}
