// The validation rules of one part of a schema, compiled with the types that the schema gives `self` and `oldSelf`.
import type { Program } from '../cel/program.ts';
import { compileExpression } from '../cel/program.ts';
import type { Shape } from '../cel/schema-types.ts';
import { shapeOf } from '../cel/schema-types.ts';
import type { CelType } from '../cel/types.ts';
import { isPrimitive, optionalOf } from '../cel/types.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { ruleFieldPath } from './rule-field-path.ts';

export interface RuleProgram {
  readonly rule: ValidationRule;
  /** Absent when the rule is empty or has a fault. */
  readonly program: Program | undefined;
  readonly fault: string | undefined;
  readonly usesOldSelf: boolean;
  readonly messageProgram: Program | undefined;
  readonly messageFault: string | undefined;
  /** Of the field to blame, below the value itself; '' for the value. */
  readonly fieldPath: string;
}

/** Real servers make up a name that nobody can rely on; ours is constant. */
const TYPE_NAME = 'selfType';

/** What `self` is; `undefined` when rules cannot stand here. */
export const selfShape = (schema: Schema, isResource: boolean): Shape | undefined =>
  shapeOf(schema, TYPE_NAME, isResource);

/** Compiles the rules at `schema` itself, not those of its parts. */
export function compileRulesOf(schema: Schema, shape: Shape): readonly RuleProgram[] {
  return (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, shape.type));
}

interface Compiled {
  readonly program?: Program;
  readonly fault?: string;
}

function compileRule(rule: ValidationRule, schema: Schema, self: CelType): RuleProgram {
  const variables = new Map([
    ['self', self],
    ['oldSelf', rule.optionalOldSelf === true ? optionalOf(self) : self],
  ]);
  const { program, fault } = compileTyped(rule.rule, variables, {
    type: 'bool',
    otherwise: 'cel expression must evaluate to a bool',
    failed: 'compilation failed: ',
    notMade: 'program instantiation failed: ',
  });
  const message =
    program === undefined
      ? {}
      : compileTyped(rule.messageExpression ?? '', variables, {
          type: 'string',
          otherwise: 'messageExpression must evaluate to a string',
          failed: 'messageExpression compilation failed: ',
          notMade: 'messageExpression instantiation failed: ',
        });
  return {
    rule,
    program,
    fault,
    usesOldSelf: program?.references.has('oldSelf') === true,
    messageProgram: message.program,
    messageFault: message.fault,
    fieldPath: rule.fieldPath === undefined ? '' : (ruleFieldPath(rule.fieldPath, schema) ?? ''),
  };
}

interface Wanted {
  readonly type: 'bool' | 'string';
  readonly otherwise: string;
  readonly failed: string;
  readonly notMade: string;
}

function compileTyped(source: string, variables: ReadonlyMap<string, CelType>, wanted: Wanted): Compiled {
  if (source.trim() === '') return {};
  const compiled = compileExpression(source, variables);
  if (!compiled.ok)
    return { fault: `${compiled.stage === 'compilation' ? wanted.failed : wanted.notMade}${compiled.text}` };
  return isPrimitive(compiled.program.type, wanted.type) ? { program: compiled.program } : { fault: wanted.otherwise };
}
