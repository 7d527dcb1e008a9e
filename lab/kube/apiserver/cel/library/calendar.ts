// What expressions read off timestamps and durations.
import type { Overload } from '../overload.ts';
import { declare } from '../overload.ts';
import type { CalendarTime } from '../time.ts';
import { calendarTime } from '../time.ts';
import type { Duration, Timestamp } from '../values.ts';

const READERS: Readonly<Record<string, (time: CalendarTime) => number>> = {
  getFullYear: (time) => time.year,
  getMonth: (time) => time.month,
  getDayOfYear: (time) => time.dayOfYear,
  getDayOfMonth: (time) => time.day - 1,
  getDate: (time) => time.day,
  getDayOfWeek: (time) => time.weekday,
  getHours: (time) => time.hours,
  getMinutes: (time) => time.minutes,
  getSeconds: (time) => time.seconds,
  getMilliseconds: (time) => time.milliseconds,
};

const SPANS: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

export const calendar: readonly Overload[] = [
  ...Object.entries(READERS).flatMap(([name, read]) => [
    declare(`timestamp.${name}() int`, (moment) => BigInt(read(calendarTime(moment as Timestamp, '')))),
    declare(`timestamp.${name}(string) int`, (moment, zone) =>
      BigInt(read(calendarTime(moment as Timestamp, zone as string))),
    ),
  ]),
  ...Object.entries(SPANS).map(([name, unit]) =>
    declare(`duration.${name}() int`, (span) => (span as Duration).nanos / unit),
  ),
];
