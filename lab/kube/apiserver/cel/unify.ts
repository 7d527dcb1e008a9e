// Which types go where: unification of type variables, with dyn and null treated as cel-go's checker treats them.
import type { CelType } from './types.ts';
import { isDyn, isDynOrError, isPrimitive, isSameType, mapParts, partsOf, types } from './types.ts';

/** What is known of type variables so far. */
export type Bindings = ReadonlyMap<string, CelType>;

/** The bindings under which a value of type `given` may stand where `wanted` is; `undefined` when it may not. */
export function assignable(bindings: Bindings, wanted: CelType, given: CelType): Bindings | undefined {
  const copy = new Map(bindings);
  return agree(copy, wanted, given) ? copy : undefined;
}

/** As `assignable`, for lists of the same length. */
export function assignableList(
  bindings: Bindings,
  wanted: readonly CelType[],
  given: readonly CelType[],
): Bindings | undefined {
  if (wanted.length !== given.length) return undefined;
  const copy = new Map(bindings);
  return agreeAll(copy, wanted, given) ? copy : undefined;
}

/** Replaces bound variables; free ones become dyn when `closed`. */
export function substitute(bindings: Bindings, type: CelType, closed: boolean): CelType {
  if (type.kind === 'parameter') {
    const bound = bindings.get(type.name);
    if (bound !== undefined) return substitute(bindings, bound, closed);
    return closed ? types.dyn : type;
  }
  return mapParts(type, (part) => substitute(bindings, part, closed));
}

/** The one of two types that go together which says less. */
export const mostGeneral = (left: CelType, right: CelType): CelType => (saysNoMore(left, right) ? left : right);

function agreeAll(bindings: Map<string, CelType>, wanted: readonly CelType[], given: readonly CelType[]): boolean {
  return wanted.every((type, index) => {
    const other = given[index];
    return other !== undefined && agree(bindings, type, other);
  });
}

function agree(bindings: Map<string, CelType>, one: CelType, two: CelType): boolean {
  if (two.kind === 'parameter') {
    const bound = bind(bindings, one, two.name);
    if (bound !== 'free') return bound === 'yes';
  }
  if (one.kind === 'parameter') return bind(bindings, two, one.name) === 'yes';
  if (isDynOrError(one) || isDynOrError(two)) return true;
  if (isPrimitive(one, 'null') || isPrimitive(two, 'null')) {
    const other = isPrimitive(one, 'null') ? two : one;
    return isPrimitive(other, 'null') || isNullable(other);
  }
  if (one.kind === 'type') return two.kind === 'type';
  if (one.kind !== two.kind) return false;
  if ('name' in one && 'name' in two) return one.name === two.name;
  return agreeAll(bindings, partsOf(one), partsOf(two));
}

const isNullable = (type: CelType): boolean =>
  type.kind === 'object' ||
  type.kind === 'opaque' ||
  type.kind === 'optional' ||
  isPrimitive(type, 'duration') ||
  isPrimitive(type, 'timestamp');

/** Gives a variable a type, or checks the one it has. `free`: it has none and cannot have this one. */
function bind(bindings: Map<string, CelType>, type: CelType, name: string): 'yes' | 'no' | 'free' {
  if (type.kind === 'parameter' && type.name === name) return 'yes';
  const current = bindings.get(name);
  if (current === undefined) {
    if (occurs(bindings, name, type)) return 'free';
    bindings.set(name, type);
    return 'yes';
  }
  if (isSameType(type, current)) return 'yes';
  if (!agree(bindings, type, current)) return 'no';
  const general = mostGeneral(type, current);
  if (!occurs(bindings, name, general)) bindings.set(name, general);
  return 'yes';
}

function occurs(bindings: Bindings, name: string, type: CelType): boolean {
  if (type.kind === 'parameter') {
    if (type.name === name) return true;
    const bound = bindings.get(type.name);
    return bound !== undefined && occurs(bindings, name, bound);
  }
  return partsOf(type).some((part) => occurs(bindings, name, part));
}

function saysNoMore(left: CelType, right: CelType): boolean {
  if (isDyn(left) || left.kind === 'parameter') return true;
  if (isDyn(right) || right.kind === 'parameter') return false;
  if (left.kind !== right.kind) return false;
  if (left.kind === 'type') return true;
  if ('name' in left && 'name' in right) return left.name === right.name;
  const others = partsOf(right);
  return partsOf(left).every((part, index) => {
    const other = others[index];
    return other !== undefined && saysNoMore(part, other);
  });
}
