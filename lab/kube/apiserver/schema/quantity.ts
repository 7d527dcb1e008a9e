// Kubernetes quantities (`500m`, `1Gi`, `2e3`): exact values, and the canonical text that the server stores.

const NANO = 1_000_000_000n;
const decimal = [
  ['E', 10n ** 18n],
  ['P', 10n ** 15n],
  ['T', 10n ** 12n],
  ['G', 10n ** 9n],
  ['M', 10n ** 6n],
  ['k', 10n ** 3n],
] as const;
const small = [
  ['m', 10n ** 6n],
  ['u', 10n ** 3n],
  ['n', 1n],
] as const;
const binary = [
  ['Ei', 1n << 60n],
  ['Pi', 1n << 50n],
  ['Ti', 1n << 40n],
  ['Gi', 1n << 30n],
  ['Mi', 1n << 20n],
  ['Ki', 1n << 10n],
] as const;

interface Parsed {
  readonly nanos: bigint;
  readonly form: 'decimal' | 'binary' | 'exponent';
}

function parse(text: string): Parsed | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE])?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}` || '0');
  const scale = 10n ** BigInt(fraction.length);
  let numerator = digits * NANO;
  let denominator = scale;
  let form: Parsed['form'] = 'decimal';
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (exponent !== null) {
    const power = Number(exponent[1]);
    if (Math.abs(power) > 40) return undefined;
    form = 'exponent';
    if (power >= 0) numerator *= 10n ** BigInt(power);
    else denominator *= 10n ** BigInt(-power);
  } else if (suffix.endsWith('i')) {
    form = 'binary';
    numerator *= binary.find(([name]) => name === suffix)?.[1] ?? 1n;
  } else if (suffix !== '') {
    numerator *= decimal.find(([name]) => name === suffix)?.[1] ?? 1n;
    const part = small.find(([name]) => name === suffix)?.[1];
    if (part !== undefined) {
      numerator *= part;
      denominator *= NANO;
    }
  }
  // Values finer than a nano are rounded up, as Kubernetes does.
  const magnitude = (numerator + denominator - 1n) / denominator;
  return { nanos: sign === '-' ? -magnitude : magnitude, form };
}

/** How nearly all quantities are written. */
const PLAIN = /^([1-9]\d{0,14})(m|[kMGTP]|[KMGTP]i)?$/;
const factors: ReadonlyMap<string, bigint> = new Map([
  ['', NANO],
  ['m', 10n ** 6n],
  ...[...decimal, ...binary].map(([suffix, size]) => [suffix, size * NANO] as const),
]);

/** Billionths of the unit, exact; `undefined` when the text is no quantity. */
export function quantityNanos(text: string): bigint | undefined {
  const plain = PLAIN.exec(text);
  const factor = plain === null ? undefined : factors.get(plain[2] ?? '');
  if (plain !== null && factor !== undefined) return BigInt(plain[1] ?? '') * factor;
  return parse(text)?.nanos;
}

/** Is the quantity a whole number? */
export function isWholeQuantity(text: string): boolean {
  const nanos = quantityNanos(text);
  return nanos !== undefined && nanos % NANO === 0n;
}

/** The canonical text: no fraction, the largest suffix that keeps the value exact. `undefined` when the text is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  // No larger suffix holds it when a step between two of them does not divide the count.
  if (PLAIN.test(text) && Number.parseInt(text, 10) % (text.endsWith('i') ? 1024 : 1000) !== 0) return text;
  const parsed = parse(text);
  if (parsed === undefined) return undefined;
  const { nanos, form } = parsed;
  if (nanos === 0n) return '0';
  if (form === 'binary' && nanos % NANO === 0n && abs(nanos) >= 1024n * NANO) {
    const units = nanos / NANO;
    const unit = binary.find(([, size]) => units % size === 0n);
    return unit === undefined ? String(units) : `${units / unit[1]}${unit[0]}`;
  }
  if (nanos % NANO === 0n) {
    const units = nanos / NANO;
    const unit = decimal.find(([, size]) => units % size === 0n);
    if (unit === undefined) return String(units);
    const count = String(units / unit[1]);
    return form === 'exponent' ? `${count}e${String(unit[1]).length - 1}` : `${count}${unit[0]}`;
  }
  const unit = small.find(([, size]) => nanos % size === 0n) ?? (['n', 1n] as const);
  return `${nanos / unit[1]}${unit[0]}`;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
