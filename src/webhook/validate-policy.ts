// Whether a SecurityGroupPolicy makes sense before it is stored: each mistake with its field path and what would be right.
import { z } from 'zod';
import { compileSelector } from '../api/label-selector.ts';
import { MAX_GROUPS } from '../planning/group-sync.ts';
import { securityGroupPolicySpecSchema } from '../api/security-group-policy.ts';

export interface PolicyProblem {
  /** `spec.securityGroups.groupIds[1]`. */
  readonly path: string;
  readonly message: string;
}

export interface PolicyReview {
  readonly problems: readonly PolicyProblem[];
  /** Accepted, but hardly meant. */
  readonly warnings: readonly string[];
}

const objectSchema = z.looseObject({
  spec: z.record(z.string(), z.unknown(), { error: 'required: a selector and securityGroups' }),
});

/** Groups are checked by form only: admission cannot ask the cloud, and the policy's status says what does not exist. */
export function reviewPolicy(object: unknown): PolicyReview {
  const outer = objectSchema.safeParse(object);
  if (!outer.success) return { problems: outer.error.issues.map(issueProblem), warnings: [] };
  const { spec } = outer.data;
  const decoded = securityGroupPolicySpecSchema.safeParse(spec);
  const problems = [
    ...selectorPresence(spec),
    ...(decoded.success
      ? []
      : decoded.error.issues.map((issue) => issueProblem({ ...issue, path: ['spec', ...issue.path] }))),
  ];
  const warnings = unknownFields(spec);
  if (!decoded.success) return { problems, warnings };
  for (const name of SELECTORS) {
    const selector = decoded.data[name];
    const compiled = selector === undefined ? undefined : compileSelector(selector);
    if (compiled?.ok === false)
      problems.push(...compiled.problems.map(({ path, message }) => ({ path: `spec.${name}.${path}`, message })));
  }
  const { groupIds } = decoded.data.securityGroups;
  return { problems: [...problems, ...tooManyGroups(groupIds)], warnings: [...warnings, ...repeatedGroups(groupIds)] };
}

/** One line for a person, as the API server shows it. */
export function policyProblemText(problems: readonly PolicyProblem[]): string {
  return problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

const SELECTORS = ['podSelector', 'serviceAccountSelector'] as const;

function selectorPresence(spec: Readonly<Record<string, unknown>>): PolicyProblem[] {
  if (SELECTORS.some((name) => spec[name] !== undefined && spec[name] !== null)) return [];
  return [
    {
      path: 'spec',
      message:
        'podSelector or serviceAccountSelector must be given; podSelector: {} selects every Pod of the namespace',
    },
  ];
}

function unknownFields(spec: Readonly<Record<string, unknown>>): readonly string[] {
  const known = Object.keys(securityGroupPolicySpecSchema.shape);
  return Object.keys(spec)
    .filter((name) => !known.includes(name))
    .map((name) => `spec.${name}: unknown field, stored but ignored; known fields: ${known.join(', ')}`);
}

function tooManyGroups(groupIds: readonly string[]): readonly PolicyProblem[] {
  const count = new Set(groupIds).size;
  if (count <= MAX_GROUPS) return [];
  const message = `${count} security groups; a network interface carries at most ${MAX_GROUPS}`;
  return [{ path: 'spec.securityGroups.groupIds', message }];
}

function repeatedGroups(groupIds: readonly string[]): readonly string[] {
  const repeated = new Set(groupIds.filter((id, index) => groupIds.indexOf(id) !== index));
  return [...repeated].map(
    (id) => `spec.securityGroups.groupIds: ${id} is listed more than once; its first place counts`,
  );
}

function issueProblem(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): PolicyProblem {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  return { path, message: issue.message };
}
