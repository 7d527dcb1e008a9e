// Kubernetes resource quantities (`500m`, `2Gi`, `1e3`) as whole thousandths, so that sums of them stay exact.

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The quantity in thousandths of its unit, rounded up as Kubernetes does. Throws a `RangeError` naming a text that is no quantity. */
export function quantityMilli(text: string | number): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?$/.exec(String(text));
  if (match === null)
    throw new RangeError(
      `"${text}" is not a resource quantity; expected a number with an optional suffix such as 500m, 2Gi or 1e3`,
    );
  const [, digits = '0', exponent = '', suffix = ''] = match;
  const value = Number(`${digits}${exponent}`) * (SUFFIXES[suffix] ?? 1) * 1000;
  // Binary floats leave dust such as 100.00000000000001, which must not round up to 101.
  const rounded = Math.round(value);
  return Math.abs(value - rounded) < 1e-6 ? rounded : Math.ceil(value);
}
