// A ValidatingAdmissionPolicy ready to judge writes: what it matches, and its expressions compiled in the order they may use each other.
import type { Compilation } from '../cel/program.ts';
import { compileExpression } from '../cel/program.ts';
import type { CelType } from '../cel/types.ts';
import { types } from '../cel/types.ts';
import type { ApiObject } from '../json.ts';
import { isObject, objectAt, objectsAt, stringAt } from '../json.ts';
import type { Extras } from './expression-variables.ts';
import { admissionVariables } from './expression-variables.ts';
import type { MatchCondition } from './match-conditions.ts';
import { readMatchConditions } from './match-conditions.ts';
import type { MatchCriteria } from './matching.ts';
import { readMatchResources } from './matching.ts';

export interface PolicyVariable {
  readonly name: string;
  readonly compiled: Compilation;
}

export interface PolicyValidation {
  readonly expression: string;
  readonly message: string;
  readonly reason: string;
  readonly compiled: Compilation;
  readonly messageCompiled: Compilation | undefined;
}

export interface AuditAnnotation {
  readonly key: string;
  readonly valueExpression: string;
  readonly compiled: Compilation;
}

export interface PolicyProgram {
  readonly name: string;
  readonly failurePolicy: string;
  readonly criteria: MatchCriteria;
  readonly conditions: readonly MatchCondition[];
  readonly paramKind: { readonly apiVersion: string; readonly kind: string } | undefined;
  readonly variables: readonly PolicyVariable[];
  readonly validations: readonly PolicyValidation[];
  readonly auditAnnotations: readonly AuditAnnotation[];
}

/** Compiles a stored policy. `known` gives types in place of dyn, for checking the policy against a kind. */
export function readPolicy(policy: ApiObject, known: Pick<Extras, 'object' | 'paramsType'> = {}): PolicyProgram {
  const spec = objectAt(policy, 'spec');
  const paramKind = isObject(spec['paramKind'])
    ? { apiVersion: stringAt(spec, 'paramKind', 'apiVersion') ?? '', kind: stringAt(spec, 'paramKind', 'kind') ?? '' }
    : undefined;
  const params = paramKind !== undefined;
  const variableTypes = new Map<string, CelType>();
  const compile = (source: string, authorizer: boolean): Compilation =>
    compileExpression(source, admissionVariables({ ...known, params, authorizer, variables: new Map(variableTypes) }));
  const variables = objectsAt(spec, 'variables').map((variable) => {
    const name = stringAt(variable, 'name') ?? '';
    const compiled = compile(stringAt(variable, 'expression') ?? '', true);
    variableTypes.set(name, compiled.ok ? compiled.program.type : types.dyn);
    return { name, compiled };
  });
  return {
    name: policy.metadata.name,
    failurePolicy: stringAt(spec, 'failurePolicy') ?? 'Fail',
    criteria: readMatchResources(spec, 'matchConstraints'),
    conditions: readMatchConditions(spec, { params }),
    paramKind,
    variables,
    validations: objectsAt(spec, 'validations').map((validation) => {
      const expression = stringAt(validation, 'expression') ?? '';
      const messageExpression = stringAt(validation, 'messageExpression') ?? '';
      return {
        expression,
        message: stringAt(validation, 'message') ?? '',
        reason: stringAt(validation, 'reason') || 'Invalid',
        compiled: compile(expression, true),
        messageCompiled: messageExpression.trim() === '' ? undefined : compile(messageExpression, false),
      };
    }),
    auditAnnotations: objectsAt(spec, 'auditAnnotations').map((annotation) => {
      const valueExpression = (stringAt(annotation, 'valueExpression') ?? '').trim();
      return { key: stringAt(annotation, 'key') ?? '', valueExpression, compiled: compile(valueExpression, true) };
    }),
  };
}
