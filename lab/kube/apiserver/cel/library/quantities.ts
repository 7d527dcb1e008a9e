// Kubernetes quantities in expressions.
import { canonicalQuantity, quantityNanos } from '../../schema/quantity.ts';
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import type { Value } from '../values.ts';
import { CelError, OpaqueValue } from '../values.ts';
import { traversal } from './costs.ts';

const NANO = 1_000_000_000n;
const one = (): number => 1;

class Quantity extends OpaqueValue {
  readonly typeName = 'kubernetes.Quantity';
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof Quantity && other.nanos === this.nanos;
  }
}

const nanos = (value: Value): bigint => (value as Quantity).nanos;
const sign = (value: bigint): bigint => (value < 0n ? -1n : value > 0n ? 1n : 0n);

/** Why Kubernetes' parser refuses a text. */
const MALFORMED = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function parse(text: Value): Quantity {
  const parsed = quantityNanos(text as string);
  if (parsed === undefined) throw new CelError(MALFORMED);
  return new Quantity(parsed);
}

function whole(value: Value): bigint | undefined {
  const amount = nanos(value);
  const units = amount / NANO;
  return amount % NANO === 0n && units < 2n ** 63n && units >= -(2n ** 63n) ? units : undefined;
}

export const quantities: readonly Overload[] = [
  declare('quantity(string) Quantity', parse, traversal()),
  declare('isQuantity(string) bool', (text) => canonicalQuantity(text as string) !== undefined, traversal()),
  declare('sign(Quantity) int', (value) => sign(nanos(value)), one),
  declare('Quantity.isGreaterThan(Quantity) bool', (value, other) => nanos(value) > nanos(other), one),
  declare('Quantity.isLessThan(Quantity) bool', (value, other) => nanos(value) < nanos(other), one),
  declare('Quantity.compareTo(Quantity) int', (value, other) => sign(nanos(value) - nanos(other)), one),
  declare('Quantity.asApproximateFloat() double', (value) => Number(nanos(value)) / Number(NANO), one),
  declare(
    'Quantity.asInteger() int',
    (value) => {
      const units = whole(value);
      if (units === undefined) throw new CelError('cannot convert value to integer');
      return units;
    },
    one,
  ),
  declare('Quantity.isInteger() bool', (value) => whole(value) !== undefined, one),
  declare('Quantity.add(Quantity) Quantity', (value, other) => new Quantity(nanos(value) + nanos(other)), one),
  declare('Quantity.add(int) Quantity', (value, other) => new Quantity(nanos(value) + (other as bigint) * NANO), one),
  declare('Quantity.sub(Quantity) Quantity', (value, other) => new Quantity(nanos(value) - nanos(other)), one),
  declare('Quantity.sub(int) Quantity', (value, other) => new Quantity(nanos(value) - (other as bigint) * NANO), one),
];
