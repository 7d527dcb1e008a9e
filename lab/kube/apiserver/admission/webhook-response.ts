// What a webhook answered, decoded once and checked against what it may answer.
import { z } from 'zod';
import type { JsonObject } from '../json.ts';
import type { Webhook } from './webhook-config.ts';
import { WebhookFailure } from './webhook-failure.ts';

export interface WebhookResponse {
  readonly allowed: boolean;
  /** RFC 6902 operations, when there are any. */
  readonly patch: unknown;
  readonly status: JsonObject;
  readonly warnings: readonly string[];
}

const responseSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  response: z.object({
    uid: z.string(),
    allowed: z.boolean(),
    patch: z.string().optional(),
    patchType: z.string().optional(),
    status: z.record(z.string(), z.unknown()).optional(),
    warnings: z.array(z.string()).optional(),
  }),
});

/** Throws WebhookFailure for anything but an AdmissionReview that answers request `uid`. */
export function decodeResponse(webhook: Webhook, text: string, uid: string): WebhookResponse {
  const parsed = responseSchema.safeParse(readJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new WebhookFailure(
      `received invalid webhook response: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an AdmissionReview'}`,
    );
  }
  const { response } = parsed.data;
  if (response.uid !== uid)
    throw new WebhookFailure(
      `received invalid webhook response: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid)}`,
    );
  if (response.patch !== undefined && !webhook.mutating)
    throw new WebhookFailure(
      'received invalid webhook response: webhook returned response.patch, which is not allowed for validating webhooks',
    );
  if (response.patch !== undefined && response.patchType !== 'JSONPatch')
    throw new WebhookFailure(
      `received invalid webhook response: invalid response.patchType ${JSON.stringify(response.patchType ?? '')}, expected "JSONPatch"`,
    );
  return {
    allowed: response.allowed,
    patch: response.patch === undefined ? undefined : readJson(Buffer.from(response.patch, 'base64').toString('utf8')),
    status: response.status ?? {},
    warnings: response.warnings ?? [],
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WebhookFailure('received invalid webhook response: not JSON');
  }
}
