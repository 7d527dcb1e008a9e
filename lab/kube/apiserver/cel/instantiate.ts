// A declaration with fresh type variables in place of its own, so that two calls of one function do not bind each other.
import type { Overload } from './overload.ts';
import type { CelType } from './types.ts';
import { mapParts } from './types.ts';

export function instantiated(overload: Overload, fresh: () => CelType): Pick<Overload, 'parameters' | 'result'> {
  const made = new Map<string, CelType>();
  const replaced = (type: CelType): CelType => {
    if (type.kind !== 'parameter') return mapParts(type, replaced);
    const known = made.get(type.name) ?? fresh();
    made.set(type.name, known);
    return known;
  };
  return { parameters: overload.parameters.map(replaced), result: replaced(overload.result) };
}
