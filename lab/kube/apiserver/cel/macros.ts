// The calls that are no calls: `has`, the loops over lists and maps, and the two maps over optional values.
import type { Expression, Fold } from './expression.ts';
import { ExpressionFault } from './issues.ts';

const FOLDS: Readonly<Record<string, Fold['macro']>> = {
  all: 'all',
  exists: 'exists',
  exists_one: 'exists_one',
  map: 'map',
  filter: 'filter',
};

/** What a macro call stands for; `undefined` when the call is an ordinary one. Throws ExpressionFault for arguments no macro takes. */
export function macroOf(
  name: string,
  target: Expression | undefined,
  args: readonly Expression[],
  at: number,
): Expression | undefined {
  const [first, second, third] = args;
  if (target === undefined)
    return name === 'has' && first !== undefined && args.length === 1 ? presence(first, at) : undefined;
  if (first === undefined || second === undefined || args.length > 3) return undefined;
  if ((name === 'optMap' || name === 'optFlatMap') && third === undefined)
    return {
      kind: 'optionalMap',
      flat: name === 'optFlatMap',
      operand: target,
      variable: variableName(first, 'optMap() variable name must be a simple identifier'),
      transform: second,
      at,
    };
  const macro = Object.hasOwn(FOLDS, name) ? FOLDS[name] : undefined;
  if (macro === undefined || (third !== undefined && macro !== 'map')) return undefined;
  const variable = variableName(
    first,
    macro === 'map' || macro === 'filter' ? 'argument is not an identifier' : 'argument must be a simple name',
  );
  const isMap = macro === 'map';
  return {
    kind: 'fold',
    macro,
    range: target,
    variable,
    predicate: isMap && third === undefined ? undefined : second,
    transform: isMap ? (third ?? second) : undefined,
    at,
  };
}

function presence(argument: Expression, at: number): Expression {
  if (argument.kind !== 'select' || argument.testOnly || argument.optional)
    throw new ExpressionFault({ at: argument.at, message: 'invalid argument to has() macro' });
  return { ...argument, testOnly: true, at };
}

function variableName(argument: Expression, otherwise: string): string {
  if (argument.kind === 'ident') return argument.name;
  throw new ExpressionFault({ at: argument.at, message: otherwise });
}
