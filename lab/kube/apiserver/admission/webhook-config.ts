// Webhook configurations as the server uses them, defaults filled in.
import type { ApiObject, JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, stringAt, stringsAt } from '../json.ts';
import type { MatchCondition } from './match-conditions.ts';
import { readMatchConditions } from './match-conditions.ts';
import type { MatchCriteria } from './matching.ts';
import { readRules } from './matching.ts';

export type ReviewVersion = 'v1' | 'v1beta1';

export interface Webhook {
  readonly name: string;
  readonly mutating: boolean;
  readonly criteria: MatchCriteria;
  readonly conditions: readonly MatchCondition[];
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly timeoutSeconds: number;
  readonly reinvocationPolicy: string;
  /** The first version that both sides know. */
  readonly reviewVersion: ReviewVersion;
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
    criteria: {
      rules: readRules(webhook, 'rules'),
      excluded: [],
      matchPolicy: stringAt(webhook, 'matchPolicy') ?? 'Equivalent',
      namespaceSelector: objectAt(webhook, 'namespaceSelector'),
      objectSelector: objectAt(webhook, 'objectSelector'),
    },
    conditions: readMatchConditions(webhook, { params: false }),
    failurePolicy: stringAt(webhook, 'failurePolicy') === 'Ignore' ? 'Ignore' : 'Fail',
    timeoutSeconds: numberAt(webhook, 'timeoutSeconds') ?? 10,
    reinvocationPolicy: stringAt(webhook, 'reinvocationPolicy') ?? 'Never',
    reviewVersion: reviewVersionOf(stringsAt(webhook, 'admissionReviewVersions')),
    target: targetOf(webhook),
    caBundle: Buffer.from(stringAt(webhook, 'clientConfig', 'caBundle') ?? '', 'base64').toString('utf8'),
  }));
}

const reviewVersionOf = (versions: readonly string[]): ReviewVersion =>
  versions.find((version) => version === 'v1' || version === 'v1beta1') === 'v1beta1' ? 'v1beta1' : 'v1';

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
