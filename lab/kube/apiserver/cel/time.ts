// Timestamps and durations as text, both ways.
import { CelError, Duration, Timestamp } from './values.ts';

const SECOND = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};
const MAX = 2n ** 63n - 1n;
/** Years 1 to 9999. */
const [EARLIEST, LATEST] = [-62_135_596_800n * SECOND, 253_402_300_800n * SECOND];

/** `1h2m3.5s`, as Go's time.ParseDuration reads it; `undefined` for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (match === null) return /^[+-]?0$/.test(text) ? new Duration(0n) : undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = UNITS[unit] ?? 0n;
    nanos += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
  }
  if (nanos > MAX) return undefined;
  return new Duration(match[1] === '-' ? -nanos : nanos);
}

/** An RFC 3339 moment; `undefined` for anything else. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [, date = '', clock = '', fraction = '', zone = ''] = match;
  const millis = Date.parse(`${date}T${clock}${zone.toUpperCase()}`);
  // A day that the month does not have is moved by JavaScript and refused here.
  if (Number.isNaN(millis) || !new Date(`${date}T00:00:00Z`).toISOString().startsWith(date)) return undefined;
  const nanos = BigInt(millis) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return new Timestamp(nanos, /^z$/i.test(zone) ? '' : zone);
}

/** Can a second since 1970 be a timestamp? */
export const isTimestampSecond = (second: bigint): boolean => second * SECOND >= EARLIEST && second * SECOND < LATEST;

/** Throws CelError outside of the years 1 to 9999. */
export function checkedTimestamp(nanos: bigint): Timestamp {
  if (nanos < EARLIEST || nanos >= LATEST) throw new CelError('timestamp overflow');
  return new Timestamp(nanos);
}

/** Throws CelError beyond about 292 years. */
export function checkedDuration(nanos: bigint): Duration {
  if (nanos > MAX || nanos < -MAX - 1n) throw new CelError('duration overflow');
  return new Duration(nanos);
}

/** Seconds with as many digits as it takes: `90s`, `0.5s`. */
export function formatDuration({ nanos }: Duration): string {
  return `${decimal(nanos)}s`;
}

/** RFC 3339 in the timestamp's own zone with as many digits as it takes. */
export function formatTimestamp({ nanos: moment, zone }: Timestamp): string {
  const nanos = moment + BigInt(offsetOf(zone, 0)) * 1_000_000n;
  const seconds = floorDivided(nanos, SECOND);
  const rest = nanos - seconds * SECOND;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const digits = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${text}${digits}${zone === '' ? 'Z' : zone}`;
}

function decimal(nanos: bigint): string {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const fraction = String(magnitude % SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${magnitude / SECOND}${fraction === '' ? '' : `.${fraction}`}`;
}

export function floorDivided(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by !== 0n && value < 0n ? quotient - 1n : quotient;
}

export interface CalendarTime {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 0 to 365. */
  readonly dayOfYear: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

/** A moment on the calendar of a zone: '' is UTC, otherwise an offset (`+02:00`) or a name (`Europe/Berlin`). Throws CelError. */
export function calendarTime(timestamp: Timestamp, zone: string): CalendarTime {
  const millis = Number(floorDivided(timestamp.nanos, 1_000_000n));
  const local = new Date(millis + offsetOf(zone, millis));
  const yearStart = Date.UTC(local.getUTCFullYear(), 0, 1);
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth(),
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    dayOfYear: Math.floor((local.getTime() - yearStart) / 86_400_000),
    hours: local.getUTCHours(),
    minutes: local.getUTCMinutes(),
    seconds: local.getUTCSeconds(),
    milliseconds: local.getUTCMilliseconds(),
  };
}

/** Milliseconds that a zone's clocks are ahead of UTC at a moment. */
function offsetOf(zone: string, millis: number): number {
  if (zone === '' || zone === 'UTC') return 0;
  const offset = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return (offset[1] === '-' ? -minutes : minutes) * 60_000;
  }
  try {
    const shown = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
      .formatToParts(new Date(millis))
      .find((part) => part.type === 'timeZoneName')?.value;
    const parts = /GMT([+-])(\d{2}):(\d{2})/.exec(shown ?? '');
    if (parts === null) return 0;
    const minutes = Number(parts[2]) * 60 + Number(parts[3]);
    return (parts[1] === '-' ? -minutes : minutes) * 60_000;
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}
