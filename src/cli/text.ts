// Small pieces of text that several commands print alike.
import type { Gap } from '../diagnose/picture/picture.ts';
import type { Style } from './table.ts';

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function seconds(value: number): string {
  if (value < 10) return `${Math.round(value * 10) / 10} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** What could not be read, one line each; empty for nothing. */
export function notKnownText(gaps: readonly Gap[], style: Style): string {
  if (gaps.length === 0) return '';
  return `${style.bold('Not known from here')}\n${gaps.map(({ what, why }) => `  ${what}: ${why}\n`).join('')}`;
}

/** `  name       value`, without those that have no value. */
export function facts(rows: readonly (readonly [string, string | undefined])[]): string {
  const shown = rows.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(10, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `  ${name.padEnd(width)} ${value}\n`).join('');
}

/** Sections with an empty line between; empty ones are left out. */
export const joined = (sections: readonly string[]): string => sections.filter((text) => text !== '').join('\n');

/** What others wrote, such as the cloud, in one line. */
export const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(' ;', ';').trim();

/** Conditions, one line each; empty for none. */
export function conditionsText(
  conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly text: string;
    readonly since: string;
  }[],
  style: Style,
): string {
  if (conditions.length === 0) return '';
  const lines = conditions.map(
    ({ type, status, text, since }) => `  ${type}=${status} since ${since}: ${oneLine(text)}\n`,
  );
  return `${style.bold('Conditions')}\n${lines.join('')}`;
}
