// The type checker: every name and call of an expression is resolved before it may run, with cel-go's messages for what cannot be.
import type { Expression, Fold } from './expression.ts';
import { dottedName } from './expression.ts';
import type { Issue } from './issues.ts';
import { aggregateIssues, literalIssues } from './literal-arguments.ts';
import type { Functions, Overload } from './overload.ts';
import type { CelType } from './types.ts';
import { formatType, isDyn, isDynOrError, isPrimitive, isSameType, listOf, mapOf, optionalOf, types } from './types.ts';
import { typeIdentifiers } from './type-identifiers.ts';
import type { Bindings } from './unify.ts';
import { assignable, assignableList, mostGeneral, substitute } from './unify.ts';
import { instantiated } from './instantiate.ts';
import type { Value } from './values.ts';
import { typeNameOf } from './values.ts';

/** What an expression may name. */
export interface Declarations {
  /** Variables, also such with dots in their names. */
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: Functions;
}

/** What the checker found out about a node, for the evaluator. */
export interface Annotation {
  type: CelType;
  /** Calls that suit the types; several when types are known only at run time. */
  overloads?: readonly Overload[];
  /** The variable that an identifier, or a selection taken as a dotted name, stands for. */
  variable?: string;
  /** The call's target is part of the function's name. */
  namespaced?: boolean;
}

export type Annotations = ReadonlyMap<Expression, Annotation>;

export type Checked =
  | {
      readonly ok: true;
      readonly type: CelType;
      readonly annotations: Annotations;
      readonly references: ReadonlySet<string>;
    }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Resolves and types a whole expression. */
export function checkExpression(expression: Expression, declarations: Declarations): Checked {
  const checker = new Checker(declarations);
  const type = checker.check(expression);
  const typeOf = (part: Expression): CelType => checker.closed(checker.annotations.get(part)?.type ?? types.error);
  const issues =
    checker.issues.length > 0 ? checker.issues : [...literalIssues(expression), ...aggregateIssues(expression, typeOf)];
  if (issues.length > 0) return { ok: false, issues };
  return { ok: true, type: checker.closed(type), annotations: checker.annotations, references: checker.references };
}

class Checker {
  readonly issues: Issue[] = [];
  readonly annotations = new Map<Expression, Annotation>();
  readonly references = new Set<string>();
  readonly #declarations: Declarations;
  readonly #scopes: { readonly name: string; readonly type: CelType }[] = [];
  #bindings: Bindings = new Map();
  #fresh = 0;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  closed(type: CelType): CelType {
    return substitute(this.#bindings, type, true);
  }

  check(expression: Expression): CelType {
    const annotation: Annotation = { type: types.error };
    this.annotations.set(expression, annotation);
    annotation.type = this.#typeOf(expression, annotation);
    return annotation.type;
  }

  #typeOf(expression: Expression, annotation: Annotation): CelType {
    switch (expression.kind) {
      case 'literal':
        return literalType(expression.value);
      case 'ident':
        return this.#identifier(expression.name, expression.at, annotation);
      case 'select':
        return this.#select(expression, annotation);
      case 'call':
        return this.#call(expression, annotation);
      case 'list':
        return listOf(this.#joined(expression.items) ?? this.#variable());
      case 'map': {
        const keys = this.#joined(expression.entries.map(([key]) => key));
        const values = this.#joined(expression.entries.map(([, value]) => value));
        return mapOf(keys ?? this.#variable(), values ?? this.#variable());
      }
      case 'fold':
        return this.#fold(expression);
      case 'optionalMap':
        return this.#optionalMap(expression);
    }
  }

  #fail(at: number, message: string): CelType {
    this.issues.push({ at, message });
    return types.error;
  }

  #undeclared(name: string, at: number): CelType {
    return this.#fail(at, `undeclared reference to '${name}' (in container '')`);
  }

  #resolved(name: string): CelType | undefined {
    const scoped = this.#scopes.findLast((scope) => scope.name === name);
    if (scoped !== undefined) return scoped.type;
    return this.#declarations.variables.get(name) ?? typeIdentifiers.get(name);
  }

  #identifier(name: string, at: number, annotation: Annotation): CelType {
    const type = this.#resolved(name);
    if (type === undefined) return this.#undeclared(name, at);
    annotation.variable = name;
    if (!this.#scopes.some((scope) => scope.name === name)) this.references.add(name);
    return type;
  }

  #select(expression: Extract<Expression, { kind: 'select' }>, annotation: Annotation): CelType {
    const dotted = dottedName(expression);
    if (dotted !== undefined && this.#resolved(dotted) !== undefined)
      return this.#identifier(dotted, expression.at, annotation);
    const operand = substitute(this.#bindings, this.check(expression.operand), false);
    const held = operand.kind === 'optional' ? operand.of : operand;
    const member = this.#memberType(held, expression.field, expression.at);
    if (expression.testOnly) return types.bool;
    return operand.kind === 'optional' || expression.optional ? optionalOf(member) : member;
  }

  #memberType(type: CelType, field: string, at: number): CelType {
    switch (type.kind) {
      case 'map':
        return substitute(this.#bindings, type.value, false);
      case 'object':
        return type.fields.get(field) ?? this.#fail(at, `undefined field '${field}'`);
      case 'parameter':
        this.#assign(types.dyn, type);
        return types.dyn;
      case 'primitive':
      case 'list':
      case 'optional':
      case 'opaque':
      case 'type':
        if (!isDynOrError(type)) this.#fail(at, `type '${formatType(type)}' does not support field selection`);
        return types.dyn;
    }
  }

  #call(expression: Extract<Expression, { kind: 'call' }>, annotation: Annotation): CelType {
    const { name, target, args, at } = expression;
    const { functions } = this.#declarations;
    const given = args.map((argument) => this.check(argument));
    if (target === undefined) {
      const found = functions.get(name);
      return found === undefined ? this.#undeclared(name, at) : this.#resolve(expression, annotation, found, given);
    }
    const prefix = dottedName(target);
    const namespaced = prefix === undefined ? undefined : functions.get(`${prefix}.${name}`);
    if (namespaced !== undefined) {
      annotation.namespaced = true;
      return this.#resolve(expression, annotation, namespaced, given, `${prefix}.${name}`);
    }
    const receiver = this.check(target);
    const found = functions.get(name);
    if (found === undefined) return this.#undeclared(name, at);
    return this.#resolve(expression, annotation, found, [receiver, ...given]);
  }

  #resolve(
    { name, target, args, at }: Extract<Expression, { kind: 'call' }>,
    annotation: Annotation,
    overloads: readonly Overload[],
    given: readonly CelType[],
    fullName = name,
  ): CelType {
    if (name === '_&&_' || name === '_||_') return this.#logical(args, given);
    const isMember = target !== undefined && annotation.namespaced !== true;
    const suitable: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.member !== isMember) continue;
      const { parameters, result: declared } = instantiated(overload, () => this.#variable());
      const bindings = assignableList(this.#bindings, given, parameters);
      if (bindings === undefined) continue;
      this.#bindings = bindings;
      suitable.push(overload);
      const type = substitute(this.#bindings, declared, false);
      if (result === undefined) result = type;
      else if (!isDyn(result) && !isSameType(type, result)) result = types.dyn;
    }
    if (result !== undefined) {
      annotation.overloads = suitable;
      return result;
    }
    const shown = given.map((type) => formatType(this.closed(type)));
    const [first = '', ...rest] = shown;
    const signature = isMember ? `${first}.(${rest.join(', ')})` : `(${shown.join(', ')})`;
    return this.#fail(at, `found no matching overload for '${fullName}' applied to '${signature}'`);
  }

  #logical(args: readonly Expression[], given: readonly CelType[]): CelType {
    const wrong = args.filter((argument, index) => {
      const type = given[index] ?? types.error;
      if (this.#assign(type, types.bool)) return false;
      this.#fail(argument.at, `expected type 'bool' but found '${formatType(this.closed(type))}'`);
      return true;
    });
    return wrong.length > 0 ? types.error : types.bool;
  }

  #joined(parts: readonly Expression[]): CelType | undefined {
    let joined: CelType | undefined;
    for (const part of parts) {
      const type = this.check(part);
      if (joined === undefined) joined = type;
      else if (this.#assign(joined, type)) joined = mostGeneral(joined, type);
      // Mixed literals are a fault of their own, looked for once all types are known.
      else joined = types.dyn;
    }
    return joined;
  }

  #fold(fold: Fold): CelType {
    const range = substitute(this.#bindings, this.check(fold.range), false);
    const item = this.#itemType(range, fold.range.at);
    this.#scopes.push({ name: fold.variable, type: item });
    const asked = fold.predicate === undefined ? types.bool : this.check(fold.predicate);
    const made = fold.transform === undefined ? item : this.check(fold.transform);
    this.#scopes.pop();
    const { macro, predicate } = fold;
    if (!this.#assign(types.bool, asked) && predicate !== undefined) {
      const shown = formatType(this.closed(asked));
      if (macro === 'all' || macro === 'exists') this.#fail(predicate.at, `expected type 'bool' but found '${shown}'`);
      else {
        const kept = macro === 'exists_one' ? 'int' : formatType(listOf(this.closed(made)));
        this.#fail(fold.at, `found no matching overload for '_?_:_' applied to '(${shown}, ${kept}, ${kept})'`);
      }
      return types.error;
    }
    return macro === 'map' || macro === 'filter' ? listOf(substitute(this.#bindings, made, false)) : types.bool;
  }

  #itemType(range: CelType, at: number): CelType {
    if (range.kind === 'list') return range.element;
    if (range.kind === 'map') return range.key;
    if (range.kind === 'parameter' || isDynOrError(range)) {
      this.#assign(types.dyn, range);
      return types.dyn;
    }
    return this.#fail(
      at,
      `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
  }

  #optionalMap({ operand, variable, transform, flat, at }: Extract<Expression, { kind: 'optionalMap' }>): CelType {
    const held = substitute(this.#bindings, this.check(operand), false);
    const isOptional = held.kind === 'optional' || isDynOrError(held);
    if (!isOptional)
      this.#fail(at, `found no matching overload for 'hasValue' applied to '${formatType(this.closed(held))}.()'`);
    this.#scopes.push({ name: variable, type: held.kind === 'optional' ? held.of : types.dyn });
    const made = this.check(transform);
    this.#scopes.pop();
    if (!flat) return optionalOf(made);
    if (made.kind === 'optional' || isDynOrError(made)) return made;
    const shown = formatType(this.closed(made));
    return this.#fail(at, `found no matching overload for '_?_:_' applied to '(bool, ${shown}, optional_type(dyn))'`);
  }

  #variable(): CelType {
    this.#fresh += 1;
    return { kind: 'parameter', name: `_var${this.#fresh}` };
  }

  #assign(wanted: CelType, given: CelType): boolean {
    const bindings = assignable(this.#bindings, wanted, given);
    if (bindings === undefined) return false;
    this.#bindings = bindings;
    return true;
  }
}

function literalType(value: Value): CelType {
  const name = typeNameOf(value);
  if (name === 'null_type') return types.null;
  return Object.values(types).find((type) => isPrimitive(type, name as 'int')) ?? types.error;
}
