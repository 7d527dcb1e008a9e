// How large values can get, for costs that are estimated before anything runs; everything ends at the largest 64 bit number.
export interface Size {
  readonly min: number;
  readonly max: number;
}

export const UNLIMITED = 2 ** 64;
export const unknownSize: Size = { min: 0, max: UNLIMITED };
export const fixedSize = (size: number): Size => ({ min: size, max: size });

const capped = (value: number): number => Math.min(value, UNLIMITED);
/** 0 times anything is 0. */
export const times = (one: number, two: number): number => (one === 0 || two === 0 ? 0 : capped(one * two));
export const plus = (...parts: readonly number[]): number => capped(parts.reduce((sum, part) => sum + part, 0));
export const byFactor = (size: number, factor: number): number => capped(Math.ceil(times(size, factor)));

export const addSizes = (one: Size, two: Size): Size => ({ min: plus(one.min, two.min), max: plus(one.max, two.max) });
export const multiplySizes = (one: Size, two: Size): Size => ({
  min: times(one.min, two.min),
  max: times(one.max, two.max),
});
export const uniteSizes = (one: Size, two: Size): Size => ({
  min: Math.min(one.min, two.min),
  max: Math.max(one.max, two.max),
});
