// Counters, gauges and histograms in Prometheus' text format: of its client library the agent would use little, and keep all on every node.

/** Values of labels, in the order of the names that the metric was made with. */
export type LabelValues = readonly string[];

interface Metric {
  /** With HELP and TYPE, each line ended. */
  readonly text: () => string;
}

export interface Exposition {
  /** Of a scrape. */
  readonly contentType: string;
  /** What a scrape answers, metrics in the order in which they were made. */
  text(): string;
  counter(name: string, help: string, label: string): Counter;
  gauge(name: string, help: string): Gauge;
  /** `buckets`: upper bounds, upward, without the infinite one. */
  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Histogram;
}

export interface Counter {
  inc(label: string, by?: number): void;
  get(label: string): number;
}

export interface Gauge {
  set(value: number): void;
}

export interface Histogram {
  observe(labels: LabelValues, value: number): void;
  /** Makes it seen before anything was observed. */
  zero(labels: LabelValues): void;
}

/** Empty; each program has its own, so that two in one process do not meet. */
export function createExposition(): Exposition {
  const metrics: Metric[] = [];
  const add = (name: string, help: string, type: string, samples: () => readonly string[]): void => {
    metrics.push({ text: () => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples().join('')}` });
  };
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: () => metrics.map((metric) => metric.text()).join('\n'),
    counter: (name, help, label) => {
      const values = new Map<string, number>();
      add(name, help, 'counter', () => [...values].map(([of, value]) => line(name, [label], [of], value)));
      return {
        inc: (of, by = 1) => {
          values.set(of, (values.get(of) ?? 0) + by);
        },
        get: (of) => values.get(of) ?? 0,
      };
    },
    gauge: (name, help) => {
      let value = 0;
      add(name, help, 'gauge', () => [line(name, [], [], value)]);
      return {
        set: (now) => {
          value = now;
        },
      };
    },
    histogram: (name, help, labels, buckets) => {
      const series = new Map<string, Series>();
      const of = (values: LabelValues): Series => {
        const key = values.join('\0');
        const known = series.get(key);
        if (known !== undefined) return known;
        const made = { values, counts: buckets.map(() => 0), sum: 0, count: 0 };
        series.set(key, made);
        return made;
      };
      add(name, help, 'histogram', () => [...series.values()].flatMap((one) => linesOf(name, labels, buckets, one)));
      return {
        observe: (values, value) => {
          const one = of(values);
          one.sum += value;
          one.count += 1;
          const at = buckets.findIndex((bound) => value <= bound);
          if (at >= 0) one.counts[at] = (one.counts[at] ?? 0) + 1;
        },
        zero: (values) => void of(values),
      };
    },
  };
}

interface Series {
  readonly values: LabelValues;
  /** Of each bucket alone; what is above all of them is only in `count`. */
  readonly counts: number[];
  sum: number;
  count: number;
}

function linesOf(name: string, labels: readonly string[], buckets: readonly number[], one: Series): readonly string[] {
  let below = 0;
  const bounded = buckets.map((bound, at) => {
    below += one.counts[at] ?? 0;
    return line(`${name}_bucket`, ['le', ...labels], [String(bound), ...one.values], below);
  });
  return [
    ...bounded,
    line(`${name}_bucket`, ['le', ...labels], ['+Inf', ...one.values], one.count),
    line(`${name}_sum`, labels, one.values, one.sum),
    line(`${name}_count`, labels, one.values, one.count),
  ];
}

function line(name: string, labels: readonly string[], values: LabelValues, value: number): string {
  const pairs = labels.map((label, at) => `${label}="${escaped(values[at] ?? '')}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
