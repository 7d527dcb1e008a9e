// Webhook configurations as the server uses them, defaults filled in.
import type { ApiObject, JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';

export interface WebhookRule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

export interface Webhook {
  readonly name: string;
  readonly mutating: boolean;
  readonly rules: readonly WebhookRule[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeoutSeconds: number;
  readonly reinvocationPolicy: string;
  readonly sideEffects: string;
  readonly namespaceSelector: JsonObject;
  readonly objectSelector: JsonObject;
  readonly target:
    | {
        readonly kind: 'service';
        readonly namespace: string;
        readonly name: string;
        readonly port: number;
        readonly path: string;
      }
    | { readonly kind: 'url'; readonly url: string };
  /** PEM; '' uses the machine's trust. */
  readonly caBundle: string;
}

/** The webhooks of a configuration, in its order. */
export function readWebhooks(configuration: ApiObject): readonly Webhook[] {
  const mutating = configuration.kind === 'MutatingWebhookConfiguration';
  return objectsAt(configuration, 'webhooks').map((webhook) => ({
    name: stringAt(webhook, 'name') ?? '',
    mutating,
    rules: objectsAt(webhook, 'rules').map((rule) => ({
      operations: stringsAt(rule, 'operations'),
      apiGroups: stringsAt(rule, 'apiGroups'),
      apiVersions: stringsAt(rule, 'apiVersions'),
      resources: stringsAt(rule, 'resources'),
      scope: stringAt(rule, 'scope') ?? '*',
    })),
    failurePolicy: stringAt(webhook, 'failurePolicy') === 'Ignore' ? 'Ignore' : 'Fail',
    timeoutSeconds: numberAt(webhook, 'timeoutSeconds') ?? 10,
    reinvocationPolicy: stringAt(webhook, 'reinvocationPolicy') ?? 'Never',
    sideEffects: stringAt(webhook, 'sideEffects') ?? 'None',
    namespaceSelector: objectAt(webhook, 'namespaceSelector'),
    objectSelector: objectAt(webhook, 'objectSelector'),
    target: targetOf(webhook),
    caBundle: Buffer.from(stringAt(webhook, 'clientConfig', 'caBundle') ?? '', 'base64').toString('utf8'),
  }));
}

function targetOf(webhook: JsonObject): Webhook['target'] {
  const url = stringAt(webhook, 'clientConfig', 'url');
  if (url !== undefined) return { kind: 'url', url };
  const service = objectAt(webhook, 'clientConfig', 'service');
  return {
    kind: 'service',
    namespace: stringAt(service, 'namespace') ?? '',
    name: stringAt(service, 'name') ?? '',
    port: numberAt(service, 'port') ?? 443,
    path: stringAt(service, 'path') ?? '/',
  };
}
