// The conditions of a CustomResourceDefinition.
import type { ApiObject, JsonObject } from '../json.ts';
import { objectsAt } from '../json.ts';

export interface Condition {
  readonly type: 'NamesAccepted' | 'Established' | 'Terminating' | 'KubernetesAPIApprovalPolicyConformant';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** The conditions of `crd` with one set. Only a change of its status moves the time of transition. */
export function withCondition(crd: ApiObject, condition: Condition, time: string): readonly JsonObject[] {
  const conditions = objectsAt(crd, 'status', 'conditions');
  const before = conditions.find((entry) => entry['type'] === condition.type);
  const { type, status, reason, message } = condition;
  const lastTransitionTime = before?.['status'] === status ? before['lastTransitionTime'] : time;
  const made: JsonObject = { type, status, lastTransitionTime, reason, message };
  return before === undefined ? [...conditions, made] : conditions.map((entry) => (entry === before ? made : entry));
}

/** Is a condition there with status True? */
export const isTrue = (crd: ApiObject, type: Condition['type']): boolean =>
  objectsAt(crd, 'status', 'conditions').some((entry) => entry['type'] === type && entry['status'] === 'True');

/** Is a condition there exactly so? */
export const hasCondition = (crd: ApiObject, condition: Condition): boolean =>
  objectsAt(crd, 'status', 'conditions').some(
    (entry) =>
      entry['type'] === condition.type &&
      entry['status'] === condition.status &&
      entry['reason'] === condition.reason &&
      entry['message'] === condition.message,
  );
