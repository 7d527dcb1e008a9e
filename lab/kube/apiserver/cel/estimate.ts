// What an expression can cost at most, before it runs: the measure by which definitions with too expensive rules are refused.
import { estimateCall } from './call-estimate.ts';
import type { Operand } from './call-estimate.ts';
import type { Annotations } from './check.ts';
import type { Expression, Fold } from './expression.ts';
import type { Shape } from './schema-types.ts';
import type { Size } from './size-estimate.ts';
import { addSizes, byFactor, fixedSize, plus, times, uniteSizes, unknownSize } from './size-estimate.ts';
import type { CelType } from './types.ts';
import { types } from './types.ts';
import { sizeOf } from './values.ts';

/** What is known of a node: where in the schema it lies, how large it is, how large its items are. */
interface Known {
  readonly cost: number;
  readonly type: CelType;
  readonly shape: Shape | undefined;
  readonly size: Size | undefined;
  /** Of a list's items or a map's keys, where no schema tells. */
  readonly itemSize: Size | undefined;
  readonly literal?: bigint;
}

const SCALARS = ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'];
const LIST_COST = 10;
const MAP_COST = 30;

/** Keys of maps have no known length, which counts as none. */
const KEY: Shape = { type: types.string, minSize: 2, maxElements: 0, element: undefined, fields: new Map() };

/** The most that `expression` costs; `root` is the shape of its variables. */
export function estimateCost(expression: Expression, annotations: Annotations, root: Shape): number {
  return new Estimator(annotations, root).known(expression).cost;
}

class Estimator {
  readonly #annotations: Annotations;
  /** Real servers look sizes up by a path whose first step is not looked at: whatever has no place in the schema counts as the root. */
  readonly #root: Shape;
  readonly #locals: { readonly name: string; readonly known: Omit<Known, 'cost'> }[] = [];
  constructor(annotations: Annotations, root: Shape) {
    this.#annotations = annotations;
    this.#root = root;
  }

  known(expression: Expression): Known {
    const type = this.#annotations.get(expression)?.type ?? types.dyn;
    const make = (cost: number, more: Partial<Known> = {}): Known => ({
      cost,
      type,
      shape: undefined,
      size: undefined,
      itemSize: undefined,
      ...more,
    });
    switch (expression.kind) {
      case 'literal': {
        const { value } = expression;
        return make(0, {
          size: fixedSize(sizeOf(value)),
          ...(typeof value === 'bigint' ? { literal: value } : {}),
        });
      }
      case 'ident': {
        const local = this.#locals.findLast((entry) => entry.name === expression.name);
        if (local !== undefined) return { ...make(1), ...local.known, cost: 1 };
        return make(1, { shape: this.#root });
      }
      case 'select':
        return this.#select(expression, make);
      case 'list': {
        const items = expression.items.map((item) => this.known(item));
        const cost = plus(LIST_COST, ...items.map((item) => item.cost));
        return make(cost, { size: fixedSize(items.length), itemSize: united(items) });
      }
      case 'map': {
        const keys = expression.entries.map(([key]) => this.known(key));
        const values = expression.entries.map(([, value]) => this.known(value));
        const cost = plus(MAP_COST, ...[...keys, ...values].map((part) => part.cost));
        return make(cost, { size: fixedSize(keys.length), itemSize: united(keys) });
      }
      case 'fold':
        return this.#fold(expression, make);
      case 'optionalMap': {
        const operand = this.known(expression.operand);
        const made = this.#with(expression.variable, operand, () => this.known(expression.transform));
        return make(plus(times(operand.cost, 2), LIST_COST, made.cost, 3));
      }
      case 'call':
        return this.#call(expression, make);
    }
  }

  #select(
    expression: Extract<Expression, { kind: 'select' }>,
    make: (cost: number, more?: Partial<Known>) => Known,
  ): Known {
    if (this.#annotations.get(expression)?.variable !== undefined) return make(1, { shape: this.#root });
    const operand = this.known(expression.operand);
    if (expression.testOnly) return make(operand.cost);
    if (expression.optional) return make(plus(operand.cost, 1));
    const isSelection = ['map', 'object', 'parameter'].includes(operand.type.kind);
    const { shape } = operand;
    return make(plus(operand.cost, isSelection ? 1 : 0), { shape: shape?.fields.get(expression.field) });
  }

  #call(
    expression: Extract<Expression, { kind: 'call' }>,
    make: (cost: number, more?: Partial<Known>) => Known,
  ): Known {
    const { name, target, args } = expression;
    const annotation = this.#annotations.get(expression);
    const isMember = target !== undefined && annotation?.namespaced !== true;
    const operands = (isMember ? [target, ...args] : args).map((part) => this.known(part));
    const spent = plus(...operands.map((operand) => operand.cost));
    const [first, second, third] = operands;
    if (name === '_&&_' || name === '_||_') return make(spent);
    if (first === undefined) return make(plus(spent, 1));
    if (name === '_?_:_' && second !== undefined && third !== undefined)
      return make(plus(first.cost, Math.max(second.cost, third.cost)), {
        size: uniteSizes(sizeOfKnown(second), sizeOfKnown(third)),
      });
    if (second !== undefined) {
      if (name === '_[_]') return make(plus(spent, 1), { shape: this.#elementOf(first), size: first.itemSize });
      if (name === '@in' && second.type.kind === 'list') return make(plus(spent, sizeOfKnown(second).max));
      if (name === '_+_') return this.#sum(first, second, spent, make);
      if (name === '_==_' && first.type.kind === 'opaque') return make(plus(spent, 1));
      if (/^_(==|!=|<=?|>=?)_$/.test(name)) {
        const scalar = name !== '_==_' && name !== '_!=_' && !isText(first.type);
        return make(plus(spent, scalar ? 1 : byFactor(Math.min(sizeOfKnown(first).max, sizeOfKnown(second).max), 0.1)));
      }
    }
    const estimate = estimateCall(name, operands.map(operandOf), isMember);
    // Only from bytes to text and back is everything read.
    const isConversion = name === 'bytes' || name === 'string';
    const isRead = first.type === (name === 'bytes' ? types.string : types.bytes) || isDynText(first.type);
    if (estimate === undefined || (isConversion && !isRead)) return make(plus(spent, 1));
    return make(plus(spent, estimate.cost), { size: estimate.size });
  }

  #sum(one: Known, two: Known, spent: number, make: (cost: number, more?: Partial<Known>) => Known): Known {
    const size = addSizes(sizeOfKnown(one), sizeOfKnown(two));
    if (one.type.kind === 'list') return make(plus(spent, 1), { size });
    return isText(one.type) ? make(plus(spent, byFactor(size.max, 0.1)), { size }) : make(plus(spent, 1));
  }

  #elementOf({ shape }: Known): Shape | undefined {
    return shape === undefined ? this.#root : shape.element;
  }

  /** The items of a list, or the keys of a map. */
  #itemOf(range: Known): Known {
    const { type, itemSize } = range;
    const isMap = type.kind === 'map';
    const item = type.kind === 'list' ? type.element : isMap ? type.key : types.dyn;
    const shape = isMap && range.shape !== undefined ? KEY : this.#elementOf(range);
    return { cost: 0, type: item, shape, size: shape === undefined ? itemSize : undefined, itemSize: undefined };
  }

  #with<T>(name: string, known: Omit<Known, 'cost'>, run: () => T): T {
    this.#locals.push({ name, known });
    try {
      return run();
    } finally {
      this.#locals.pop();
    }
  }

  #fold(fold: Fold, make: (cost: number, more?: Partial<Known>) => Known): Known {
    const range = this.known(fold.range);
    const item = this.#itemOf(range);
    const [asked, made] = this.#with(fold.variable, item, () => [
      fold.predicate === undefined ? undefined : this.known(fold.predicate),
      fold.transform === undefined ? undefined : this.known(fold.transform),
    ]);
    const predicate = asked?.cost ?? 0;
    const count = sizeOfKnown(range);
    const each = (step: number): number => times(count.max, step);
    // One appended item makes a list, and a longer one with it.
    const append = plus(1, LIST_COST, 1);
    switch (fold.macro) {
      case 'all':
        return make(plus(range.cost, each(plus(3, predicate)), 1));
      case 'exists':
        return make(plus(range.cost, each(plus(4, predicate)), 1));
      case 'exists_one':
        return make(plus(range.cost, each(plus(predicate, 2)), 2));
      case 'filter':
        return make(plus(range.cost, LIST_COST, each(plus(predicate, append, 1)), 1), {
          size: count,
          itemSize: item.size,
        });
      case 'map':
        return make(plus(range.cost, LIST_COST, each(plus(predicate, append, made?.cost ?? 0)), 1), {
          size: count,
          itemSize: made === undefined ? undefined : sizeOfKnown(made),
        });
    }
  }
}

const isText = (type: CelType): boolean => type === types.string || type === types.bytes || isDynText(type);
const isDynText = (type: CelType): boolean => type.kind === 'primitive' && type.name === 'dyn';

function sizeOfKnown({ size, shape, type }: Omit<Known, 'cost'>): Size {
  if (size !== undefined) return size;
  if (shape !== undefined) return { min: 0, max: shape.maxElements };
  return type.kind === 'primitive' && SCALARS.includes(type.name) ? fixedSize(1) : unknownSize;
}

/** The items of a list as functions over whole lists see them. */
function operandOf(known: Known): Operand {
  const { type, shape } = known;
  const item = type.kind === 'list' ? type.element : types.dyn;
  return {
    size: sizeOfKnown(known),
    itemSize: sizeOfKnown({ type: item, shape: shape?.element, size: known.itemSize, itemSize: undefined }),
    isList: type.kind === 'list',
    hasTextItems: isText(item) && !isDynText(item),
    literal: known.literal,
  };
}

function united(parts: readonly Omit<Known, 'cost'>[]): Size | undefined {
  const sizes = parts.map(sizeOfKnown);
  return sizes.length === 0 ? undefined : sizes.reduce(uniteSizes);
}
