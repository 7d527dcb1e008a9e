// `trunkline explain CODE`: the row of an error catalogue, in words.
import type { CatalogueEntry } from '../../base/errors.ts';
import { allErrors, errorsNamed, errorsNear } from './error-catalogue.ts';
import type { CliSession } from '../context.ts';
import { cliError, cliErrors } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderTable } from '../table.ts';

/** Without a code: all of them. Throws CLI-USAGE with those that are near. */
export function explainCode(session: CliSession, code: string | undefined): number {
  if (code === undefined) {
    session.print(allErrors(), () =>
      renderTable(
        ['CODE', 'TITLE'],
        allErrors().map((entry) => [entry.code, entry.title]),
      ),
    );
    return exitCodes.ok;
  }
  const found = errorsNamed(code);
  if (found.length === 0) {
    const near = errorsNear(code);
    throw cliError(
      cliErrors.usage,
      `no error has the code ${code}; ${near.length === 0 ? '`trunkline explain` lists them all' : `near are ${near.join(', ')}`}`,
    );
  }
  session.print(found.length === 1 ? found[0] : found, () =>
    found.map((entry) => codeText(entry, session.style.bold)).join('\n'),
  );
  return exitCodes.ok;
}

const RETRY: Readonly<Record<CatalogueEntry['retry'], string>> = {
  retry: 'it is tried again by itself',
  'retry-after': 'it is tried again by itself, later',
  conflict: 'it is read again and tried anew',
  'not-found': 'nothing is tried until the thing exists',
  terminal: 'it is not tried again until something changes',
};

function codeText(entry: CatalogueEntry, bold: (text: string) => string): string {
  return `${bold(entry.code)}: ${entry.title}
  Cause:   ${entry.cause}
  Cure:    ${entry.cure}
  Retries: ${RETRY[entry.retry]}
  Event:   ${entry.eventReason}
`;
}
