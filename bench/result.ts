// What a benchmark gives back, and how it is shown: the figure, the budget, the yardstick and their ratio, never one alone.
import { renderTable } from '../lab/table.ts';

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Largest value that keeps the budget; absent where the design sets none. */
  readonly budget?: number;
  readonly withinBudget?: boolean;
  /** What the value is compared with. */
  readonly yardstick?: { readonly what: string; readonly value: number; readonly ratio: number };
}

export interface BenchmarkResult {
  readonly benchmark: string;
  readonly conditions: string;
  readonly figures: readonly Figure[];
}

export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(progress: (line: string) => void): Promise<BenchmarkResult>;
}

/** A figure judged against its budget. */
export function figure(
  what: string,
  value: number,
  unit: string,
  budget?: number,
  yardstick?: { what: string; value: number },
): Figure {
  return {
    what,
    value: round(value),
    unit,
    ...(budget === undefined ? {} : { budget, withinBudget: value <= budget }),
    ...(yardstick === undefined
      ? {}
      : { yardstick: { ...yardstick, value: round(yardstick.value), ratio: round(value / yardstick.value) } }),
  };
}

/** Middle of the sorted values (the mean of two for an even count). Throws on none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new Error('no values');
  return (low + high) / 2;
}

export function renderResult(result: BenchmarkResult): string {
  const rows = result.figures.map((row) => [
    row.what,
    `${row.value} ${row.unit}`,
    row.budget === undefined ? '' : `${row.withinBudget === true ? 'within' : 'MISSED'} ${row.budget} ${row.unit}`,
    row.yardstick === undefined ? '' : `${row.yardstick.ratio} x ${row.yardstick.what} (${row.yardstick.value})`,
  ]);
  return `${result.benchmark}: ${result.conditions}\n${renderTable(['FIGURE', 'VALUE', 'BUDGET', 'COMPARED WITH'], rows)}`;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
