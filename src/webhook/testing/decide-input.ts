// For tests of admission: Pods, policies and what a decision is made from.
import type { SecurityGroupPolicy } from '../../api/security-group-policy.ts';
import { type AdmissionPod, admissionPodSchema } from '../admission-pod.ts';
import type { DecideInput, Decision } from '../decide.ts';
import { projectPolicy } from '../../planning/policy-view.ts';

/** Of namespace shop, selecting app=my-app unless the spec says otherwise. */
export const policy = (
  name: string,
  groupIds: string[],
  spec: Partial<SecurityGroupPolicy['spec']> = {},
  created = '2026-01-01T00:00:00Z',
): SecurityGroupPolicy => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, generation: 2, creationTimestamp: created },
  spec: { podSelector: { matchLabels: { app: 'my-app' } }, ...spec, securityGroups: { groupIds } },
});

export interface PodParts {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string> | null;
  readonly spec?: Record<string, unknown>;
  readonly metadata?: Record<string, unknown>;
}

/** Pod web-1 with label app=my-app and one container. */
export const pod = ({ labels, annotations, spec, metadata }: PodParts = {}): AdmissionPod =>
  admissionPodSchema.parse({
    metadata: { name: 'web-1', labels: labels ?? { app: 'my-app' }, annotations, ...metadata },
    spec: { containers: [{ name: 'nginx' }], ...spec },
  });

/** The Pod in namespace shop, selected by a policy of two groups; Trunking on, shared ENIs by default. */
export const input = (parts: Partial<DecideInput> = {}): DecideInput => ({
  pod: pod(),
  namespace: { name: 'shop', labels: {} },
  serviceAccountLabels: {},
  policies: [projectPolicy(policy('web', ['sg-xxxxyyyy', 'sg-aaaaaaaa']))],
  allowed: undefined,
  trunking: true,
  defaultNetworks: { ok: true, names: ['tke-route-eni'] },
  servesEip: true,
  furtherEipAttributes: false,
  ...parts,
});

/** The decision as one to admit; throws the refusal. */
export const admitted = (decision: Decision): Extract<Decision, { kind: 'admit' }> => {
  if (decision.kind === 'refuse') throw new Error(decision.message);
  return decision;
};
