// Plain aligned tables and the little colour the lab uses, on a terminal only.
import { styleText } from 'node:util';

/** Columns padded to the widest cell, two spaces between, no trailing blanks; ends with a newline. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map((row) => `${line(row)}\n`).join('');
}

export interface Style {
  bold(text: string): string;
  green(text: string): string;
  red(text: string): string;
  dim(text: string): string;
}

/** Styles that are invisible when the stream is no terminal or NO_COLOR is set. */
export function styleFor(stream: NodeJS.WriteStream, noColor: boolean): Style {
  const on = stream.isTTY === true && !noColor;
  const style = (format: 'bold' | 'green' | 'red' | 'dim') => (text: string) =>
    on ? styleText(format, text, { validateStream: false }) : text;
  return { bold: style('bold'), green: style('green'), red: style('red'), dim: style('dim') };
}
