// Lists in order, their sums and extremes, places in them, regular expressions over text, and lists taken as sets.
import { areEqual, compareValues } from '../equality.ts';
import { checkedInt, checkedUint } from '../numbers.ts';
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import { checkedDuration } from '../time.ts';
import type { Value } from '../values.ts';
import { CelError, CelList, Duration, Uint } from '../values.ts';
import { matcherOf } from './conversions.ts';
import { listTraversal, regularExpression } from './costs.ts';

const items = (list: Value): readonly Value[] => (list as CelList).items;
const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

const comesAfter = (one: Value, two: Value): boolean => (compareValues(one, two) ?? 0) > 0;

function extreme(list: Value, name: string, isBetter: (one: Value, best: Value) => boolean): Value {
  const [first, ...rest] = items(list);
  if (first === undefined) throw new CelError(`${name} called on empty list`);
  return rest.reduce((best, item) => (isBetter(item, best) ? item : best), first);
}

const SUMS: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  int: (values) => values.reduce<bigint>((sum, value) => checkedInt(sum + (value as bigint)), 0n),
  uint: (values) => values.reduce<Uint>((sum, value) => checkedUint(sum.value + (value as Uint).value), new Uint(0n)),
  double: (values) => values.reduce<number>((sum, value) => sum + (value as number), 0),
  duration: (values) =>
    values.reduce<Duration>((sum, value) => checkedDuration(sum.nanos + (value as Duration).nanos), new Duration(0n)),
};

const find = (text: Value, pattern: Value): string =>
  matcherOf(pattern as string, (why) => `Illegal regex: ${why}`).exec(text as string)?.[0] ?? '';

function findAll(text: Value, pattern: Value, limit: Value | undefined): CelList {
  const matcher = matcherOf(pattern as string, (why) => `Illegal regex: ${why}`);
  const all = (text as string).matchAll(new RegExp(matcher.source, `${matcher.flags}g`));
  const found = Array.from(all, (match) => match[0]);
  return new CelList(limit === undefined || (limit as bigint) < 0n ? found : found.slice(0, Number(limit)));
}

const contains = (list: Value, item: Value): boolean => items(list).some((other) => areEqual(other, item));
const containsAll = (list: Value, other: Value): boolean => items(other).every((item) => contains(list, item));
const product = ([one = null, two = null]: readonly Value[]): number =>
  (one instanceof CelList ? one.items.length : 1) * (two instanceof CelList ? two.items.length : 1);

export const lists: readonly Overload[] = [
  ...COMPARABLE.flatMap((type) => [
    declare(
      `list(${type}).isSorted() bool`,
      (list) => items(list).every((item, index, all) => index === 0 || !comesAfter(all[index - 1] ?? item, item)),
      listTraversal,
    ),
    declare(`list(${type}).max() ${type}`, (list) => extreme(list, 'max', comesAfter), listTraversal),
    declare(
      `list(${type}).min() ${type}`,
      (list) => extreme(list, 'min', (one, best) => comesAfter(best, one)),
      listTraversal,
    ),
  ]),
  ...Object.entries(SUMS).map(([type, sum]) =>
    declare(`list(${type}).sum() ${type}`, (list) => sum(items(list)), listTraversal),
  ),
  declare(
    'list(A).indexOf(A) int',
    (list, item) => BigInt(items(list).findIndex((other) => areEqual(other, item))),
    listTraversal,
  ),
  declare(
    'list(A).lastIndexOf(A) int',
    (list, item) => BigInt(items(list).findLastIndex((other) => areEqual(other, item))),
    listTraversal,
  ),
  declare('string.find(string) string', find, regularExpression),
  declare(
    'string.findAll(string) list(string)',
    (text, pattern) => findAll(text, pattern, undefined),
    regularExpression,
  ),
  declare('string.findAll(string, int) list(string)', findAll, regularExpression),
  declare('sets.contains(list(A), list(A)) bool', containsAll, product),
  declare(
    'sets.equivalent(list(A), list(A)) bool',
    (one, two) => containsAll(one, two) && containsAll(two, one),
    product,
  ),
  declare(
    'sets.intersects(list(A), list(A)) bool',
    (one, two) => items(one).some((item) => contains(two, item)),
    product,
  ),
];
