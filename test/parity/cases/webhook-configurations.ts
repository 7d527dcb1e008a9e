// What the webhook cases share: configurations that concern the case's own namespace alone, known to be in effect.
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';
import type { TestWebhook, WebhookAnswer } from '../drivers/webhook.ts';

export type HookKind = 'mutating' | 'validating';

export const configurationPath = (kind: HookKind): string =>
  `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`;

export const onConfigMaps = (...operations: readonly string[]): object => ({
  apiGroups: [''],
  apiVersions: ['v1'],
  operations,
  resources: ['configmaps'],
});

/** A rule over resources of the core group. */
export const ruleOf = (operations: readonly string[], resources: readonly string[], more: object = {}): object => ({
  apiGroups: [''],
  apiVersions: ['v1'],
  operations,
  resources,
  ...more,
});

/** A configured webhook of a case. */
export interface Hooked {
  /** Of the configuration. */
  readonly name: string;
  /** Of the webhook in it: `<name>.parity.example.com`. */
  readonly hookName: string;
  /** What it was asked in the case itself, in order. */
  readonly requests: () => readonly Answer['body'][];
  /** The path of the last call, query included. */
  readonly lastPath: () => string;
}

const PROBE = 'parity-probe';

/** Not of the case: the helper's own questions, and what controllers put into every namespace. */
const isProbe = (request: Answer['body']): boolean =>
  request['object']?.metadata?.labels?.[PROBE] !== undefined || request['name'] === 'kube-root-ca.crt';

export const allow: WebhookAnswer = () => ({ allowed: true });

/** One webhook on ConfigMaps that are created in the case's namespace; `more` overrides members of the webhook. */
export async function configure(
  t: ParityContext,
  kind: HookKind,
  answer: WebhookAnswer,
  more: object = {},
  name = t.unique(kind),
): Promise<Hooked> {
  const hook = await t.webhook((request) => (isProbe(request) ? { allowed: true } : answer(request)));
  await configureWith(t, kind, hook, name, [webhookOf(t, `${name}.parity.example.com`, hook.clientConfig, more)]);
  return {
    name,
    hookName: `${name}.parity.example.com`,
    requests: () => hook.requests.filter((request) => !isProbe(request)),
    lastPath: () => hook.paths.at(-1) ?? '',
  };
}

/** A webhook that fails closed and has no side effects. */
export const webhookOf = (
  t: ParityContext,
  name: string,
  clientConfig: object,
  more: object = {},
): Record<string, unknown> => ({
  name,
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig,
  namespaceSelector: { matchLabels: { 'parity-case': t.namespace } },
  rules: [onConfigMaps('CREATE')],
  ...more,
});

/**
 * Stores a configuration and waits until the server goes by it: a webhook added to it is asked about ConfigMaps with a label of its
 * own, which are created in dry runs until the question arrives.
 */
export async function configureWith(
  t: ParityContext,
  kind: HookKind,
  probe: TestWebhook,
  name: string,
  webhooks: readonly object[],
): Promise<void> {
  await t.http.ok(
    'PATCH',
    `/api/v1/namespaces/${t.namespace}`,
    { metadata: { labels: { 'parity-case': t.namespace } } },
    {
      headers: { 'content-type': 'application/merge-patch+json' },
    },
  );
  const probing = webhookOf(t, `probe-${name}.parity.example.com`, probe.clientConfig, {
    failurePolicy: 'Ignore',
    objectSelector: { matchLabels: { [PROBE]: name } },
  });
  const path = configurationPath(kind);
  await t.http.ok('POST', path, { metadata: { name }, webhooks: [...webhooks, probing] });
  t.defer(() => t.http.call('DELETE', `${path}/${name}`));
  await t.until(`the configuration ${name} to be in effect`, async () => {
    await t.http.call('POST', `${t.core}/configmaps?dryRun=All`, {
      metadata: { name: 'probe', labels: { [PROBE]: name } },
    });
    return probe.requests.some((request) => request['object']?.metadata?.labels?.[PROBE] === name) ? true : undefined;
  });
}

/** Creates a ConfigMap in the case's namespace. */
export const createConfigMap = (t: ParityContext, name: string, more: object = {}): Promise<Answer> =>
  t.http.call('POST', `${t.core}/configmaps`, { metadata: { name }, ...more });
