// The catalogue of what can be wrong with what the command line is given.
import { type CatalogueEntry, TrunklineError } from '../base/errors.ts';

const row = (entry: CatalogueEntry): CatalogueEntry => entry;

/** Rows of the area CLI. */
export const cliErrors = {
  usage: row({
    code: 'CLI-USAGE',
    title: 'The command line cannot be understood',
    cause: 'An argument or an option is missing, unknown or has a value that is not accepted.',
    cure: 'The message names it and what is accepted; --help shows examples.',
    retry: 'terminal',
    eventReason: 'Usage',
  }),
  nameUnknown: row({
    code: 'CLI-NAME-UNKNOWN',
    title: 'Nothing has this name',
    cause: 'The object does not exist, or is in another namespace or cluster.',
    cure: 'The message lists what is near; name the namespace with -n or as NAMESPACE/NAME.',
    retry: 'terminal',
    eventReason: 'NameUnknown',
  }),
  nameAmbiguous: row({
    code: 'CLI-NAME-AMBIGUOUS',
    title: 'Several things have this name',
    cause: 'The beginning of a name, or a name without its namespace, fits more than one object.',
    cure: 'Use one of the names that the message lists.',
    retry: 'terminal',
    eventReason: 'NameAmbiguous',
  }),
  fileInvalid: row({
    code: 'CLI-FILE-INVALID',
    title: 'A file given on the command line cannot be used',
    cause: 'It cannot be read, is no JSON or YAML, or holds something that is not accepted there.',
    cure: 'The message names the document, the field and what is accepted.',
    retry: 'terminal',
    eventReason: 'FileInvalid',
  }),
  cloudAccess: row({
    code: 'CLI-CLOUD-ACCESS',
    title: 'There are no credentials for the cloud',
    cause: 'Neither flags, the environment nor a profile of tccli name keys and a region.',
    cure: 'Set TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_REGION, or --credentials-dir; without them the answer says what cannot be known.',
    retry: 'terminal',
    eventReason: 'NoCloudAccess',
  }),
} as const satisfies Record<string, CatalogueEntry>;

/** Throws nothing itself: an error of the row, to be thrown by a command. Ends the program with exit code 2. */
export function cliError(entry: CatalogueEntry, message: string, cause?: unknown): TrunklineError {
  return new TrunklineError(entry, message, cause === undefined ? {} : { cause });
}
