// A Pod that slipped past admission is told from one that is older than its policy.
import { describe, expect, it } from 'vitest';
import { encodeAdmissionDecision } from '../api/admission-decision.ts';
import { annotations } from '../api/keys.ts';
import type { SecurityGroupPolicy } from '../api/security-group-policy.ts';
import { inForce, missedPolicies, type PodForPolicies } from './missed-policies.ts';

const NOON = '2026-01-01T12:00:00Z';
const LATER = '2026-01-01T12:00:01Z';
const policy = (
  spec: Partial<SecurityGroupPolicy['spec']> = { podSelector: { matchLabels: { app: 'web' } } },
  metadata: object = {},
): SecurityGroupPolicy => ({
  apiVersion: 'vpcresources.tke.cloud.tencent.com/v1beta1',
  kind: 'SecurityGroupPolicy',
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-web', generation: 1, creationTimestamp: NOON, ...metadata },
  spec: { ...spec, securityGroups: { groupIds: ['sg-xxxxyyyy'] } },
});
const pod = (parts: Partial<PodForPolicies> = {}): PodForPolicies => ({
  createdAt: LATER,
  hostNetwork: false,
  labels: { app: 'web' },
  serviceAccountLabels: {},
  annotations: {},
  ...parts,
});
const decided = (uid: string, generation: number): PodForPolicies['annotations'] => ({
  [annotations.admissionDecision]: encodeAdmissionDecision({
    policies: [{ name: 'web', uid, generation }],
    groups: ['sg-xxxxyyyy'],
    outcome: 'sub-eni',
  }),
});
const why = (given: PodForPolicies, of: SecurityGroupPolicy = policy()): readonly string[] =>
  missedPolicies(given, [inForce(of)]).map((each) => each.why);
const managed = (time: string, fields: object, subresource?: string): object => ({
  manager: 'kubectl',
  operation: 'Update',
  time,
  fieldsV1: fields,
  ...(subresource === undefined ? {} : { subresource }),
});

describe('a Pod missed a policy', () => {
  it.each<[string, PodForPolicies, SecurityGroupPolicy, readonly string[]]>([
    ['that selects it, was there before, and that nobody decided by', pod(), policy(), ['undecided']],
    ['not when it is older', pod({ createdAt: '2026-01-01T11:59:59Z' }), policy(), []],
    ['not when it is of the same second, where nobody can tell', pod({ createdAt: NOON }), policy(), []],
    ['not when the policy selects others', pod({ labels: { app: 'db' } }), policy(), []],
    ['not when it is in the decision', pod({ annotations: decided('uid-web', 1) }), policy(), []],
    ['when the decision knew others only', pod({ annotations: decided('uid-db', 1) }), policy(), ['without-it']],
    [
      'when the decision is a text that nobody wrote so',
      pod({ annotations: { [annotations.admissionDecision]: '{}' } }),
      policy(),
      ['undecided'],
    ],
    ['not on the network of its node', pod({ hostNetwork: true }), policy(), []],
    [
      'not when it selects by a ServiceAccount that is gone',
      pod({ serviceAccountLabels: undefined }),
      policy({ serviceAccountSelector: {} }),
      [],
    ],
    [
      'that selects by the labels of its ServiceAccount',
      pod({ serviceAccountLabels: { t: 'a' } }),
      policy({ serviceAccountSelector: { matchLabels: { t: 'a' } } }),
      ['undecided'],
    ],
    [
      'whose edit was there before, when the decision knew the one before',
      pod({ annotations: decided('uid-web', 1) }),
      policy(undefined, { generation: 2, managedFields: [managed(NOON, { 'f:spec': {} })] }),
      ['older-generation'],
    ],
    [
      'not when the edit came later, whatever wrote its status before',
      pod({ annotations: decided('uid-web', 1) }),
      policy(undefined, {
        generation: 2,
        managedFields: [managed('2026-01-01T12:30:00Z', { 'f:spec': {} }), managed(NOON, { 'f:status': {} }, 'status')],
      }),
      [],
    ],
    [
      'not when nobody can tell when the edit was',
      pod(),
      policy(undefined, { generation: 2, managedFields: [{}] }),
      [],
    ],
  ])('%s', (_name, given, of, expected) => {
    expect(why(given, of)).toEqual(expected);
  });
});
