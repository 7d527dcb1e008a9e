// Reading Tables.
import type { ParityContext } from '../context.ts';
import type { Answer } from '../drivers/http.ts';

export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** The Table of a list or an object; throws unless the answer is 200. */
export const tableOf = (t: ParityContext, path: string): Promise<Answer['body']> =>
  t.http.ok('GET', path, undefined, { headers: { accept: tableType } });

/** The cells, row by row. */
export const cellsOf = (table: Answer['body']): readonly (readonly unknown[])[] =>
  table['rows'].map((row: { cells: readonly unknown[] }) => row.cells);

/** The names of the columns in one line; a star marks those of `-o wide`, a dash stands for a space. */
export const columnNames = (table: Answer['body']): string =>
  table['columnDefinitions']
    .map(
      (column: { name: string; priority: number }) =>
        `${column.priority > 0 ? '*' : ''}${column.name.replaceAll(' ', '-')}`,
    )
    .join(' ');
