// Groups of the Kubernetes community (`*.k8s.io`, `*.kubernetes.io`) need a sign that their API was approved.
import type { FieldError } from '../field-error.ts';
import { invalidValue, required } from '../field-error.ts';
import type { ApiObject } from '../json.ts';
import { stringAt } from '../json.ts';
import type { Condition } from './definition-conditions.ts';

const ANNOTATION = 'api-approved.kubernetes.io';
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111';

type Approval =
  | { readonly state: 'missing' | 'invalid'; readonly reason: string }
  | { readonly state: 'bypassed' | 'approved'; readonly reason: string };

const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

function approvalOf(crd: ApiObject): Approval | undefined {
  if (!isProtected(stringAt(crd, 'spec', 'group') ?? '')) return undefined;
  const text = crd.metadata.annotations?.[ANNOTATION] ?? '';
  const must = `protected groups must have approval annotation ${JSON.stringify(ANNOTATION)}`;
  if (text === '') return { state: 'missing', reason: `${must}, ${SEE}` };
  if (text.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(text)}` };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/\s]+/.test(text)) return { state: 'approved', reason: `approved in ${text}` };
  return { state: 'invalid', reason: `${must} with either a URL or a reason starting with "unapproved", ${SEE}` };
}

/** Faults of a new or changed definition. A state that was so before is left alone. */
export function approvalFaults(crd: ApiObject, old: ApiObject | undefined): FieldError[] {
  const approval = approvalOf(crd);
  if (approval === undefined || (old !== undefined && approvalOf(old)?.state === approval.state)) return [];
  const field = `metadata.annotations[${ANNOTATION}]`;
  switch (approval.state) {
    case 'missing':
      return [required(field, approval.reason)];
    case 'invalid':
      return [invalidValue(field, crd.metadata.annotations?.[ANNOTATION], approval.reason)];
    case 'bypassed':
    case 'approved':
      return [];
  }
}

const reasons = {
  missing: 'MissingAnnotation',
  invalid: 'InvalidAnnotation',
  bypassed: 'UnapprovedAnnotation',
  approved: 'ApprovedAnnotation',
} as const;

/** The condition that tells about the approval; none for groups that need none. */
export function approvalCondition(crd: ApiObject): Condition | undefined {
  const approval = approvalOf(crd);
  if (approval === undefined) return undefined;
  return {
    type: 'KubernetesAPIApprovalPolicyConformant',
    status: approval.state === 'approved' ? 'True' : 'False',
    reason: reasons[approval.state],
    message: approval.reason,
  };
}
