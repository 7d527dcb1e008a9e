// Admission webhooks: the configurations that apply to a write, in order, mutating first and validating last.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../../src/base/logger.ts';
import type { ApiObject } from '../json.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { collectionId } from '../registry/definition.ts';
import type { ResolveService } from '../start.ts';
import type { Store } from '../storage/store.ts';
import { equalJson } from '../json.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import { callWebhook, WebhookFailure } from './webhook-call.ts';
import type { Webhook } from './webhook-config.ts';
import { readWebhooks } from './webhook-config.ts';
import { webhookApplies } from './webhook-match.ts';
import { deniedError, failedError, reviewBody } from './webhook-review.ts';

export interface WebhookDeps {
  readonly store: Store;
  readonly logger: Logger;
  readonly resolveService: ResolveService;
}

const GROUP = 'admissionregistration.k8s.io';

export function createWebhookAdmission(deps: WebhookDeps): Admission {
  const configured = (plural: string): readonly Webhook[] =>
    deps.store
      .collection(collectionId({ group: GROUP, plural }))
      .list()
      .flatMap((entry) => readWebhooks(entry.object));
  const namespaceLabels = (namespace: string): Readonly<Record<string, string>> =>
    deps.store.collection(collectionId({ group: '', plural: 'namespaces' })).get(namespace)?.object.metadata.labels ?? {};
  const applying = (plural: string, request: AdmissionRequest, object: ApiObject | undefined): readonly Webhook[] =>
    // A broken webhook must not lock out its own repair.
    request.scope.definition.group === GROUP
      ? []
      : configured(plural).filter((webhook) => webhookApplies(webhook, request, object, namespaceLabels));

  return {
    async mutate(request, object) {
      let current = object;
      const called: Webhook[] = [];
      const again = new Set<Webhook>();
      for (const webhook of applying('mutatingwebhookconfigurations', request, object)) {
        const next = await mutateWith(deps, webhook, request, current);
        // Webhooks that asked for it see what later ones changed.
        if (next !== current) for (const earlier of called) if (earlier.reinvocationPolicy === 'IfNeeded') again.add(earlier);
        current = next;
        called.push(webhook);
      }
      for (const webhook of again) current = await mutateWith(deps, webhook, request, current);
      return current;
    },
    async validate(request, object) {
      const deleting = request.operation === 'DELETE';
      const webhooks = [
        ...(deleting ? applying('mutatingwebhookconfigurations', request, object) : []),
        ...applying('validatingwebhookconfigurations', request, object),
      ];
      await Promise.all(webhooks.map((webhook) => ask(deps, webhook, request, object)));
    },
  };
}

async function mutateWith(deps: WebhookDeps, webhook: Webhook, request: AdmissionRequest, object: ApiObject): Promise<ApiObject> {
  const patch = await ask(deps, webhook, request, object);
  if (patch === undefined) return object;
  const patched = applyJsonPatch(object, patch) as ApiObject;
  return equalJson(patched, object) ? object : patched;
}

/** Asks one webhook; the patch it gives, if any. Throws StatusError when it refuses, or fails and its policy is Fail. */
async function ask(deps: WebhookDeps, webhook: Webhook, request: AdmissionRequest, object: ApiObject | undefined): Promise<unknown> {
  const uid = randomUUID();
  try {
    const response = await callWebhook(webhook, reviewBody(uid, webhook, request, object), uid, deps.resolveService);
    for (const warning of response.warnings) request.scope.warn(warning);
    if (!response.allowed) throw deniedError(webhook.name, response.status);
    return response.patch;
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error;
    deps.logger.warn({ webhook: webhook.name, error: error.message, failurePolicy: webhook.failurePolicy }, 'admission webhook failed');
    if (webhook.failurePolicy === 'Ignore') return undefined;
    throw failedError(webhook.name, error.message);
  }
}
