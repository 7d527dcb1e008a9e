// Admission webhooks: the configurations that apply to a write, in order, mutating first and validating last.
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../../../src/base/logger.ts';
import type { ApiObject } from '../json.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { collectionId } from '../registry/definition.ts';
import type { ResolveService } from '../api-server.ts';
import { notImplemented } from '../status.ts';
import type { Store, StoredObject } from '../storage/store.ts';
import { equalJson } from '../json.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import type { Webhook } from './webhook-config.ts';
import { readWebhooks } from './webhook-config.ts';
import { endpointOf } from './webhook-endpoint.ts';
import { WebhookFailure } from './webhook-failure.ts';
import { webhookApplies } from './webhook-match.ts';
import { decodeResponse } from './webhook-response.ts';
import { deniedError, failedError, reviewBody } from './webhook-review.ts';
import type { WebhookTransport } from './webhook-transport.ts';

export interface WebhookDeps {
  readonly store: Store;
  readonly logger: Logger;
  readonly resolveService: ResolveService;
  readonly transport: WebhookTransport;
}

const GROUP = 'admissionregistration.k8s.io';

/** Whose reviews carry the object itself; the others have kinds of their own, which are not made here. */
const REVIEWED_SUBRESOURCES = ['status', 'finalize'];

export function createWebhookAdmission(deps: WebhookDeps): Admission {
  // Stored versions never change, so each is read once.
  const read = new WeakMap<StoredObject, readonly Webhook[]>();
  const configured = (plural: string): readonly Webhook[] =>
    deps.store
      .collection(collectionId({ group: GROUP, plural }))
      .list()
      .flatMap((entry) => {
        const webhooks = read.get(entry) ?? readWebhooks(entry.object);
        read.set(entry, webhooks);
        return webhooks;
      });
  const namespaceLabels = (namespace: string): Readonly<Record<string, string>> =>
    deps.store.collection(collectionId({ group: '', plural: 'namespaces' })).get(namespace)?.object.metadata.labels ??
    {};
  const applying = (plural: string, request: AdmissionRequest, object: ApiObject | undefined): readonly Webhook[] => {
    const { definition, subresource } = request.scope;
    // A broken webhook must not lock out its own repair.
    if (definition.group === GROUP) return [];
    const found = configured(plural).filter((webhook) => webhookApplies(webhook, request, object, namespaceLabels));
    if (found.length > 0 && subresource !== undefined && !REVIEWED_SUBRESOURCES.includes(subresource))
      throw notImplemented(
        `admission webhooks on ${definition.plural}/${subresource}; narrow the rules of ${JSON.stringify(found[0]?.name)}`,
      );
    return found;
  };

  return {
    async mutate(request, object) {
      let current = object;
      const called: Webhook[] = [];
      const again = new Set<Webhook>();
      for (const webhook of applying('mutatingwebhookconfigurations', request, object)) {
        const next = await mutateWith(deps, webhook, request, current);
        // Webhooks that asked for it see what later ones changed.
        if (next !== current)
          for (const earlier of called) if (earlier.reinvocationPolicy === 'IfNeeded') again.add(earlier);
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

async function mutateWith(
  deps: WebhookDeps,
  webhook: Webhook,
  request: AdmissionRequest,
  object: ApiObject,
): Promise<ApiObject> {
  const patch = await ask(deps, webhook, request, object);
  if (patch === undefined) return object;
  const patched = applyJsonPatch(object, patch) as ApiObject;
  return equalJson(patched, object) ? object : patched;
}

/** Asks one webhook; the patch it gives, if any. Throws StatusError when it refuses, or fails and its policy is Fail. */
async function ask(
  deps: WebhookDeps,
  webhook: Webhook,
  request: AdmissionRequest,
  object: ApiObject | undefined,
): Promise<unknown> {
  const uid = randomUUID();
  try {
    const endpoint = await endpointOf(webhook, deps.resolveService);
    const body = JSON.stringify(reviewBody(uid, request, object));
    const response = decodeResponse(webhook, await deps.transport.post(webhook, endpoint, body), uid);
    for (const warning of response.warnings) request.scope.warn(warning);
    if (!response.allowed) throw deniedError(webhook.name, response.status);
    return response.patch;
  } catch (error) {
    if (!(error instanceof WebhookFailure)) throw error;
    deps.logger.warn(
      { webhook: webhook.name, error: error.message, failurePolicy: webhook.failurePolicy },
      'admission webhook failed',
    );
    if (webhook.failurePolicy === 'Ignore') return undefined;
    throw failedError(webhook.name, error.message);
  }
}
