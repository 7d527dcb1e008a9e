// What calls cost at most, and how large their results get, by the sizes of what they are given.
import type { Size } from './size-estimate.ts';
import { addSizes, byFactor, multiplySizes, plus, times } from './size-estimate.ts';

export interface CallEstimate {
  readonly cost: number;
  readonly size?: Size;
}

/** An operand: its own size, and that of its items where it is a list. */
export interface Operand {
  readonly size: Size;
  readonly itemSize: Size;
  readonly isList: boolean;
  /** Items are compared character by character. */
  readonly hasTextItems: boolean;
  readonly literal: bigint | undefined;
}

const TENTH = 0.1;
const NOMINAL = new Set(
  (
    'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength family ' +
    'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast sign asInteger isInteger ' +
    'asApproximateFloat isGreaterThan isLessThan compareTo add sub getScheme getHostname getHost getPort getEscapedPath getQuery'
  ).split(' '),
);
const ADDRESS: Size = { min: 4, max: 16 };

/** `operands` has the receiver first. `undefined`: a call of no special cost, which counts 1. */
export function estimateCall(name: string, operands: readonly Operand[], isMember: boolean): CallEstimate | undefined {
  const [first, second, third] = operands;
  if (NOMINAL.has(name)) return { cost: 1 };
  if (name === 'check') return { cost: 350_000 };
  if (first === undefined) return undefined;
  const read: CallEstimate = { cost: byFactor(first.size.max, TENTH), size: first.size };
  switch (name) {
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      if (!first.isList) return { cost: read.cost };
      return { cost: times(first.size.max, plus(1, first.hasTextItems ? byFactor(first.itemSize.max, TENTH) : 0)) };
    case 'url':
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return read;
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'ip':
    case 'quantity':
    case 'isQuantity':
      return isMember ? { cost: 1 } : { cost: read.cost };
    case 'ip.isCanonical':
      return { cost: byFactor(first.size.max, 2 * TENTH) };
    case 'replace':
      return second === undefined || third === undefined ? undefined : replaced(first.size, second.size, third.size);
    case 'split':
      return {
        cost: byFactor(first.size.max, 2 * TENTH),
        size: { min: 0, max: third?.literal === undefined ? first.size.max : Number(third.literal) },
      };
    case 'join':
      return joined(first, second);
    case 'find':
    case 'findAll':
      return {
        cost: pattern(first.size, second?.size),
        size: { min: 0, max: first.size.max },
      };
    case 'matches':
      return { cost: pattern(first.size, second?.size) };
    case 'containsIP':
    case 'containsCIDR':
      return {
        cost: plus(
          byFactor(ADDRESS.max * 2, TENTH),
          name === 'containsCIDR' ? 3 : 0,
          byFactor(second?.size.max ?? 0, TENTH),
        ),
      };
    case 'format':
    case 'strings.quote':
      return { cost: read.cost };
    case 'bytes':
      return { cost: read.cost, size: { min: first.size.min, max: times(first.size.max, 4) } };
    case 'string':
      return { cost: read.cost, size: { min: first.size.min / 4, max: first.size.max } };
    case 'startsWith':
    case 'endsWith':
      return { cost: byFactor(second?.size.max ?? 0, TENTH) };
    case 'contains':
      return { cost: times(read.cost, byFactor(second?.size.max ?? 0, TENTH)) };
    default:
      return undefined;
  }
}

/** One more character than there are, so that an empty text does not make an expensive pattern free. */
const pattern = (text: Size, expression: Size | undefined): number =>
  times(byFactor(plus(text.max, 1), TENTH), byFactor(expression?.max ?? 0, 0.25));

function replaced(text: Size, old: Size, made: Size): CallEstimate {
  const most =
    old.min === 0
      ? { count: plus(text.max, 1), kept: text.max }
      : made.max <= old.min
        ? { count: 0, kept: text.max }
        : { count: Math.ceil(text.max / old.min), kept: 0 };
  const least =
    old.max === 0
      ? { count: plus(text.min, 1), kept: text.min }
      : old.max <= made.min
        ? { count: 0, kept: text.min }
        : { count: Math.ceil(text.min / old.max), kept: 0 };
  const size = addSizes(multiplySizes({ min: least.count, max: most.count }, made), {
    min: least.kept,
    max: most.kept,
  });
  return { cost: byFactor(text.max, 2 * TENTH), size };
}

function joined(list: Operand, separator: Operand | undefined): CallEstimate {
  const texts = multiplySizes(list.size, list.itemSize);
  const between = { min: Math.max(0, list.size.min - 1), max: Math.max(0, list.size.max - 1) };
  const size = separator === undefined ? texts : addSizes(texts, multiplySizes(separator.size, between));
  return { cost: byFactor(size.max, TENTH), size };
}
