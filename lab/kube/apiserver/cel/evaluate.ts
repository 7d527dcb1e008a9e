// Runs a checked expression over values, counting what it costs and stopping where a limit ends.
import { callCost } from './call-cost.ts';
import type { Annotations } from './check.ts';
import type { Expression, Fold } from './expression.ts';
import { mapOfEntries } from './maps.ts';
import type { Overload } from './overload.ts';
import { isOfType } from './overload.ts';
import { typeIdentifierValue } from './type-identifiers.ts';
import type { Value } from './values.ts';
import { CelError, CelList, isMap, Optional } from './values.ts';

/** The expression cost more than it may; nothing absorbs this. */
export class CostExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** Values of variables; `undefined` when a name has none. */
export type Activation = (name: string) => Value | undefined;

const LIST_COST = 10;
const MAP_COST = 30;

export class Evaluation {
  /** Spent so far. */
  cost = 0;
  readonly #annotations: Annotations;
  readonly #activation: Activation;
  readonly #limit: number;
  readonly #locals: { readonly name: string; readonly value: Value }[] = [];

  constructor(annotations: Annotations, activation: Activation, limit: number) {
    this.#annotations = annotations;
    this.#activation = activation;
    this.#limit = limit;
  }

  /**
   * The value of a node. Throws CelError, and CostExceeded at the limit. `rooted`: the node is part of another attribute, so
   * that its own root costs nothing.
   */
  run(expression: Expression, rooted = false): Value {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'ident':
        return this.#name(expression.name, rooted);
      case 'select':
        return this.#select(expression, rooted);
      case 'call':
        return this.#call(expression);
      case 'list': {
        const items = expression.items.map((item) => this.run(item));
        if (!isFolded(expression)) this.#spend(LIST_COST);
        return new CelList(items);
      }
      case 'map': {
        const entries = expression.entries.map(([key, value]) => [this.run(key), this.run(value)] as const);
        if (!isFolded(expression)) this.#spend(MAP_COST);
        return mapOfEntries(entries);
      }
      case 'fold':
        return this.#fold(expression);
      case 'optionalMap': {
        // The operand is looked at twice: for whether it has a value, and for the value.
        const before = this.cost;
        const operand = this.run(expression.operand);
        if (!(operand instanceof Optional)) throw new CelError('no such overload');
        this.#spend(1);
        if (operand.value === undefined) return operand;
        this.#spend(this.cost - before + (expression.flat ? 1 : 2));
        const made = this.#with(expression.variable, operand.value, () => this.run(expression.transform));
        return expression.flat ? made : new Optional(made);
      }
    }
  }

  #spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostExceeded();
  }

  #name(name: string, rooted: boolean): Value {
    const local = this.#locals.findLast((entry) => entry.name === name);
    const value = local === undefined ? this.#activation(name) : local.value;
    if (value !== undefined) {
      if (!rooted) this.#spend(1);
      return value;
    }
    // Names of types are constants.
    const type = typeIdentifierValue(name);
    if (type === undefined) throw new CelError(`no such attribute(s): ${name}`);
    return type;
  }

  #select(expression: Extract<Expression, { kind: 'select' }>, rooted: boolean): Value {
    const variable = this.#annotations.get(expression)?.variable;
    if (variable !== undefined) return this.#name(variable, rooted);
    const owner = this.run(expression.operand, rooted);
    // A selection from the result of a call is an attribute of its own.
    if (!isAttribute(expression.operand)) this.#spend(1);
    const { field, testOnly, optional } = expression;
    // Whether a field is there costs nothing.
    if (testOnly) return memberOf(owner, field) !== undefined;
    const found = memberOf(owner, field);
    if (owner instanceof Optional || optional) {
      if (found !== undefined) this.#spend(1);
      return new Optional(found);
    }
    this.#spend(1);
    if (found === undefined) throw new CelError(`no such key: ${field}`);
    return found;
  }

  #call(expression: Extract<Expression, { kind: 'call' }>): Value {
    const { name, args, target } = expression;
    if (name === '_&&_') return this.#logical(args, false);
    if (name === '_||_') return this.#logical(args, true);
    if (name === '_?_:_') return this.#conditional(args);
    const annotation = this.#annotations.get(expression);
    const given = target === undefined || annotation?.namespaced === true ? args : [target, ...args];
    const overloads = annotation?.overloads ?? [];
    if (name === 'or' || name === 'orValue') return this.#otherwise(given, overloads);
    const isSelection = isIndex(expression);
    const values = given.map((argument, index) => this.run(argument, isSelection && index > 0));
    const overload = chosen(overloads, values);
    const result = overload.apply(...values);
    if (isSelection) this.#spend(isAttribute(given[0]) ? 1 : 2);
    else if (!isFolded(expression)) this.#spend(callCost(overload.name, overload, values, result));
    return result;
  }

  /** The second value is made only when the first is absent. */
  #otherwise([optional, other]: readonly Expression[], overloads: readonly Overload[]): Value {
    if (optional === undefined || other === undefined) throw new CelError('no such overload');
    const held = this.run(optional);
    if (!(held instanceof Optional)) throw new CelError('no such overload');
    if (held.value !== undefined) return chosen(overloads, [held, held]).apply(held, held.value);
    return this.run(other);
  }

  /** A side that fails does not count when another one decides. */
  #logical(args: readonly Expression[], deciding: boolean): boolean {
    let failure: CelError | undefined;
    for (const argument of args) {
      try {
        const value = this.run(argument);
        if (value === deciding) return deciding;
        if (typeof value !== 'boolean') failure ??= new CelError('no such overload');
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return !deciding;
  }

  #conditional([condition, yes, no]: readonly Expression[]): Value {
    if (condition === undefined || yes === undefined || no === undefined) throw new CelError('no such overload');
    const decided = this.run(condition);
    if (typeof decided !== 'boolean') throw new CelError('no such overload');
    return this.run(decided ? yes : no, true);
  }

  #with<T>(name: string, value: Value, run: () => T): T {
    this.#locals.push({ name, value });
    try {
      return run();
    } finally {
      this.#locals.pop();
    }
  }

  #fold(fold: Fold): Value {
    const range = this.run(fold.range);
    const items = range instanceof CelList ? range.items : range !== null && isMap(range) ? range.keys() : undefined;
    if (items === undefined) throw new CelError('no such overload');
    switch (fold.macro) {
      case 'all':
      case 'exists':
        return this.#quantified(fold, items, fold.macro === 'exists');
      case 'exists_one': {
        const found = items.filter((item) => this.#asked(fold, item, 2)).length;
        this.#spend(2);
        return found === 1;
      }
      case 'filter':
      case 'map':
        return this.#collected(fold, items);
    }
  }

  #quantified(fold: Fold, items: readonly Value[], deciding: boolean): boolean {
    let failure: CelError | undefined;
    let decided = false;
    for (const item of items) {
      this.#spend(deciding ? 3 : 2);
      if (decided) break;
      // The result so far is looked at before each item.
      this.#spend(1);
      try {
        const value = this.#with(fold.variable, item, () => fold.predicate !== undefined && this.run(fold.predicate));
        if (value === deciding) decided = true;
        else if (typeof value !== 'boolean') failure = new CelError('no such overload');
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        failure = error;
      }
    }
    this.#spend(1);
    if (decided) return deciding;
    if (failure !== undefined) throw failure;
    return !deciding;
  }

  #asked(fold: Fold, item: Value, yesCost: number): boolean {
    const value =
      fold.predicate === undefined || this.#with(fold.variable, item, () => fold.predicate && this.run(fold.predicate));
    if (typeof value !== 'boolean') throw new CelError('no such overload');
    if (value) this.#spend(yesCost);
    return value;
  }

  #collected(fold: Fold, items: readonly Value[]): CelList {
    const made: Value[] = [];
    const { transform } = fold;
    // Appending makes a list of one and a longer list each time.
    const append = 2 + LIST_COST;
    for (const item of items) {
      if (!this.#asked(fold, item, append + (transform === undefined ? 1 : 0))) continue;
      made.push(transform === undefined ? item : this.#with(fold.variable, item, () => this.run(transform)));
    }
    this.#spend(1);
    return new CelList(made);
  }
}

const isIndex = (expression: Expression): boolean => expression.kind === 'call' && /^_\[\??_\]$/.test(expression.name);

/** Is an expression a variable, or something that is selected from one? */
const isAttribute = (expression: Expression | undefined): boolean =>
  expression !== undefined && (expression.kind === 'ident' || expression.kind === 'select' || isIndex(expression));

const CONVERSIONS = ['bool', 'bytes', 'double', 'duration', 'int', 'string', 'timestamp', 'uint'];

/** Is an expression computed before anything runs: literals, and what is made of nothing else? */
function isFolded(expression: Expression): boolean {
  switch (expression.kind) {
    case 'literal':
      return true;
    case 'list':
      return expression.items.every(isFolded);
    case 'map':
      return expression.entries.flat().every(isFolded);
    case 'call': {
      const { name, target, args } = expression;
      if (target !== undefined) return false;
      // Membership in a list of constants is looked up in a table that is made once.
      if (name === '@in') return args[1]?.kind === 'list' && isFolded(args[1]);
      return CONVERSIONS.includes(name) && args.every(isFolded);
    }
    case 'ident':
    case 'select':
    case 'fold':
    case 'optionalMap':
      return false;
  }
}

function memberOf(owner: Value, field: string): Value | undefined {
  if (owner instanceof Optional) return owner.value === undefined ? undefined : memberOf(owner.value, field);
  if (owner === null || !isMap(owner)) throw new CelError('no such overload');
  return owner.field(field);
}

function chosen(overloads: readonly Overload[], values: readonly Value[]): Overload {
  const found = overloads.find((overload) =>
    overload.parameters.every((type, index) => {
      const value = values[index];
      return value !== undefined && isOfType(value, type);
    }),
  );
  if (found === undefined) throw new CelError('no such overload');
  return found;
}
