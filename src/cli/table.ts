// Plain aligned tables and a little colour, on a terminal only.
import { stripVTControlCharacters, styleText } from 'node:util';

/** Colour takes no room. Columns padded to the widest cell, two spaces between, no trailing blanks; ends with a newline. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const seen = (text: string): number => stripVTControlCharacters(text).length;
  const widths = header.map((title, column) => Math.max(seen(title), ...rows.map((row) => seen(row[column] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - seen(cell))))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map((row) => `${line(row)}\n`).join('');
}

export interface Style {
  readonly bold: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** Styles that are invisible when the stream is no terminal or NO_COLOR is set. */
export function styleFor(stream: { readonly isTTY?: boolean | undefined }, noColor: boolean): Style {
  const on = stream.isTTY === true && !noColor;
  const style = (format: 'bold' | 'green' | 'red' | 'yellow' | 'dim') => (text: string) =>
    on ? styleText(format, text, { validateStream: false }) : text;
  return { bold: style('bold'), green: style('green'), red: style('red'), yellow: style('yellow'), dim: style('dim') };
}
