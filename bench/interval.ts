// How far ratios of paired blocks may be from the true one.

export interface Interval {
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom; beyond, that of the largest. */
const T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131];

/** Of the geometric mean, at 95 %. Throws on fewer than two. */
export function geometricInterval(ratios: readonly number[]): Interval {
  if (ratios.length < 2) throw new Error('an interval needs at least two blocks');
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1);
  const half = (T_95[Math.min(logs.length - 1, T_95.length) - 1] ?? 0) * Math.sqrt(variance / logs.length);
  return { low: Math.exp(mean - half), mean: Math.exp(mean), high: Math.exp(mean + half) };
}
