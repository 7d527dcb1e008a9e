// Asks one webhook about one write, and makes of its answer a patch, a refusal or a failure.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../../src/base/logger.ts';
import type { ResolveService } from '../api-server.ts';
import type { JsonObject } from '../json.ts';
import type { AdmissionView } from './admission-view.ts';
import type { Match } from './matching.ts';
import type { Webhook } from './webhook-config.ts';
import { endpointOf } from './webhook-endpoint.ts';
import { WebhookFailure } from './webhook-failure.ts';
import { decodeResponse } from './webhook-response.ts';
import { deniedError, failedError, reviewBody } from './webhook-review.ts';
import type { WebhookTransport } from './webhook-transport.ts';

export interface CallDeps {
  readonly logger: Logger;
  readonly resolveService: ResolveService;
  readonly transport: WebhookTransport;
}

/** The patch that the webhook gives, if any. Throws StatusError when it refuses, or fails and its policy is Fail. */
export async function askWebhook(
  deps: CallDeps,
  webhook: Webhook,
  view: AdmissionView,
  match: Match,
): Promise<readonly JsonObject[]> {
  const uid = randomUUID();
  try {
    const endpoint = await endpointOf(webhook, deps.resolveService);
    const body = JSON.stringify(reviewBody(uid, view, match, webhook.reviewVersion));
    const response = decodeResponse(webhook, await deps.transport.post(webhook, endpoint, body), uid);
    for (const warning of response.warnings) view.request.scope.warn(warning);
    if (!response.allowed) throw deniedError(webhook.name, response.status);
    return response.patch;
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error;
    deps.logger.warn(
      { webhook: webhook.name, error: error.message, failurePolicy: webhook.failurePolicy },
      'admission webhook failed',
    );
    if (webhook.failurePolicy === 'Ignore') return [];
    throw failedError(webhook.name, error.message);
  }
}
