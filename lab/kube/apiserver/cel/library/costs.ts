// What calls of Kubernetes' libraries cost, by the size of what they read.
import type { Cost } from '../overload.ts';
import { CelList, sizeOf } from '../values.ts';
import type { Value } from '../values.ts';

/** Reading a tenth of the characters counts 1. */
const TRAVERSAL = 0.1;

/** The whole of value `index` is read `times` times. */
export const traversal =
  (index = 0, times = 1): Cost =>
  (values) =>
    Math.ceil(sizeOf(values[index] ?? null) * times * TRAVERSAL);

/** As `traversal`, of what the call gives. */
export const resultTraversal =
  (times: number): Cost =>
  (_values, result) =>
    Math.ceil(sizeOf(result) * times * TRAVERSAL);

/** Value 1 as a regular expression over value 0. */
export const regularExpression: Cost = ([text = '', pattern = '']) =>
  Math.ceil((1 + sizeOf(text)) * TRAVERSAL) * Math.ceil(sizeOf(pattern) * 0.25);

/** Each item of a list, and each tenth of its text. */
export const listTraversal: Cost = ([list = null]) => traversalOf(list);

function traversalOf(value: Value): number {
  if (value instanceof CelList) return value.items.reduce<number>((sum, item) => sum + traversalOf(item), 0);
  if (typeof value === 'string' || value instanceof Uint8Array) return Math.floor(sizeOf(value) * TRAVERSAL);
  return 1;
}
