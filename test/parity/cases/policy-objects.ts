// What the cases of admission policies share: a policy and a binding that concern the case's own namespace alone.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';

export const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
export const bindings = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';

export const configMapRule = (...operations: readonly string[]): object => ({
  apiGroups: [''],
  apiVersions: ['v1'],
  operations,
  resources: ['configmaps'],
});

/** The label of ConfigMaps by which `bind` finds out that a policy is in effect. */
const PROBE = 'parity-probe';

/** A policy over ConfigMaps of the case's namespace; `spec` overrides members of it. */
export const policySpec = (t: ParityContext, spec: object): object => ({
  matchConstraints: {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': t.namespace } },
    resourceRules: [configMapRule('CREATE', 'UPDATE')],
  },
  validations: [{ expression: 'true' }],
  ...spec,
});

/** Stores a policy. */
export async function storePolicy(t: ParityContext, spec: object, name = t.unique('policy')): Promise<string> {
  await t.http.ok('POST', policies, { metadata: { name }, spec: policySpec(t, spec) });
  t.defer(() => t.http.call('DELETE', `${policies}/${name}`));
  return name;
}

/** Stores a binding, which denies unless `spec` says otherwise. */
export async function storeBinding(t: ParityContext, policyName: string, spec: object = {}): Promise<string> {
  const name = `${policyName}-binding`;
  await t.http.ok('POST', bindings, { metadata: { name }, spec: { policyName, validationActions: ['Deny'], ...spec } });
  t.defer(() => t.http.call('DELETE', `${bindings}/${name}`));
  return name;
}

export interface Enforced {
  readonly policy: string;
  readonly binding: string;
}

/**
 * A policy and its binding, in effect: a validation that ConfigMaps with a label of the helper's own cannot pass is added in front,
 * and those are created in dry runs until one is denied.
 */
export async function enforce(
  t: ParityContext,
  spec: { readonly validations?: readonly object[] },
  binding: object = {},
): Promise<Enforced> {
  const probing = {
    expression: `!has(object.metadata.labels) || !('${PROBE}' in object.metadata.labels)`,
    message: PROBE,
  };
  const policy = await storePolicy(t, { ...spec, validations: [probing, ...(spec.validations ?? [])] });
  const name = await storeBinding(t, policy, binding);
  await t.until('the policy to be in effect', async () => {
    const answer = await t.http.call('POST', `${t.core}/configmaps?dryRun=All`, {
      metadata: { name: 'probe', labels: { [PROBE]: 'yes' } },
    });
    return answer.text.includes(PROBE) && (answer.code !== 201 || (answer.headers['warning'] ?? '').includes(PROBE))
      ? true
      : undefined;
  });
  return { policy, binding: name };
}

export const createMap = (t: ParityContext, name: string, data: object, labels?: object): Promise<Answer> =>
  t.http.call('POST', `${t.core}/configmaps`, {
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    data,
  });

/** Checks a denial word by word. */
export function assertDenied(
  answer: Answer,
  { policy, binding }: Enforced,
  name: string,
  message: string,
  code = 422,
  reason = 'Invalid',
): void {
  const by = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`;
  assert.deepEqual(answer.body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `configmaps "${name}" is forbidden: ${by}`,
    reason,
    details: { name, kind: 'configmaps', causes: [{ message: by }] },
    code,
  });
}
