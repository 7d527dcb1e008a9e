// RBAC: what rules allow, how refusals are worded, who may hand on permissions, and what nodes may do.
import type { ParityCase } from '../parity-case.ts';
import { rbacNodeCases } from './rbac-nodes.ts';
import { rbacReviewCases } from './rbac-reviews.ts';
import { rbacRoleCases } from './rbac-roles.ts';
import { rbacRuleCases } from './rbac-rules.ts';

export const rbacCases: readonly ParityCase[] = [
  ...rbacRuleCases,
  ...rbacRoleCases,
  ...rbacReviewCases,
  ...rbacNodeCases,
];
