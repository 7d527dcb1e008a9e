// What one call costs at run time, in cel-go's units.
import type { Overload } from './overload.ts';
import type { Value } from './values.ts';
import { CelList, OpaqueValue, sizeOf } from './values.ts';

const tenth = (size: number): number => Math.ceil(size * 0.1);

/** The cost of `name(...values)`. */
export function callCost(
  name: string,
  overload: Overload | undefined,
  values: readonly Value[],
  result: Value,
): number {
  if (overload?.cost !== undefined) return overload.cost(values, result);
  const [first = null, second = null] = values;
  switch (name) {
    case 'startsWith':
    case 'endsWith':
      return tenth(sizeOf(second));
    case 'bytes':
    case 'string':
      return first instanceof Uint8Array || (typeof first === 'string' && name === 'bytes') ? tenth(sizeOf(first)) : 1;
    case '@in':
      return second instanceof CelList ? sizeOf(second) : 1;
    case '_==_':
    case '_!=_':
      return first instanceof OpaqueValue ? 1 : tenth(Math.min(sizeOf(first), sizeOf(second)));
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return isText(first) && isText(second) ? tenth(Math.min(sizeOf(first), sizeOf(second))) : 1;
    case '_+_':
      return isText(first) ? tenth(sizeOf(first) + sizeOf(second)) : 1;
    case 'matches':
      return tenth(1 + sizeOf(first)) * Math.ceil(sizeOf(second) * 0.25);
    case 'contains':
      return tenth(sizeOf(first)) * tenth(sizeOf(second));
    default:
      return 1;
  }
}

const isText = (value: Value): boolean => typeof value === 'string' || value instanceof Uint8Array;
