// Values that may be absent: `optional.of`, `orValue` and their like.
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import type { Value } from '../values.ts';
import { CelError, Duration, Optional, sizeOf, Timestamp, Uint } from '../values.ts';

/** Go's zero time: the first of January of the year 1. */
const ZERO_TIME = -62_135_596_800_000_000_000n;

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return value.nanos === ZERO_TIME;
  return isEmptyContainer(value);
}

const isEmptyContainer = (value: Value): boolean => typeof value === 'object' && value !== null && sizeOf(value) === 0;

export const optionals: readonly Overload[] = [
  declare('optional.of(V) optional(V)', (value) => new Optional(value)),
  declare('optional.ofNonZeroValue(V) optional(V)', (value) => new Optional(isZero(value) ? undefined : value)),
  declare('optional.none() optional(V)', () => new Optional(undefined)),
  declare('optional(V).value() V', (optional) => {
    const { value } = optional as Optional;
    if (value === undefined) throw new CelError('optional.none() dereference');
    return value;
  }),
  declare('optional(V).hasValue() bool', (optional) => (optional as Optional).value !== undefined),
  declare('optional(V).or(optional(V)) optional(V)', (optional, other) =>
    (optional as Optional).value === undefined ? other : optional,
  ),
  declare('optional(V).orValue(V) V', (optional, other) => (optional as Optional).value ?? other),
];
