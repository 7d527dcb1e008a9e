// What can go wrong between the lab and its corner of the machine, as catalogue rows.
import type { CatalogueEntry } from '../../src/base/errors.ts';
import { TrunklineError } from '../../src/base/errors.ts';

const row = (
  code: string,
  title: string,
  cause: string,
  cure: string,
  retry: CatalogueEntry['retry'],
): CatalogueEntry => ({
  code,
  title,
  cause,
  cure,
  retry,
  eventReason: 'LabHostFailed',
});

/** Every error of `lab/host`; the key is for code, the row's `code` travels over the channel and into the docs. */
export const HOST_ERRORS = {
  noNamespaces: row(
    'HOST-NO-NAMESPACES',
    'Namespaces cannot be made here',
    'The lab needs root, or a kernel that lets ordinary users make user namespaces.',
    'Run as root, or allow user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0).',
    'terminal',
  ),
  missingTools: row(
    'HOST-MISSING-TOOLS',
    'System tools are missing',
    'A program that the lab starts is not installed.',
    'Install the packages that the message names.',
    'terminal',
  ),
  start: row(
    'HOST-START',
    'The helper process did not start',
    'unshare, a mount or node failed while the namespaces were set up.',
    'Read the lines that the helper wrote to stderr.',
    'terminal',
  ),
  gone: row(
    'HOST-GONE',
    'The helper process is gone',
    'The lab host was closed, or its helper was killed; every namespace and process went with it.',
    'Start the lab again.',
    'terminal',
  ),
  badRequest: row(
    'HOST-BAD-REQUEST',
    'A request to the lab host is not acceptable',
    'A name, path or option is malformed, or something of that name already exists.',
    'Correct the call; the message names the field.',
    'terminal',
  ),
  unknownNetns: row(
    'HOST-UNKNOWN-NETNS',
    'No such network namespace',
    'The namespace was never added, or was deleted.',
    'Call addNetns first.',
    'not-found',
  ),
  unknownRoot: row(
    'HOST-UNKNOWN-ROOT',
    'No such root',
    'The root was never made, or was removed.',
    'Call makeRoot first and use the handle that it returns.',
    'not-found',
  ),
  command: row(
    'HOST-COMMAND',
    'A command of the lab host failed',
    'A system tool refused what was asked of it.',
    'The message carries the tool and its own words.',
    'retry',
  ),
  startProcess: row(
    'HOST-START-PROCESS',
    'A process could not be started',
    'Its program does not exist or may not be executed, or its directory is not there.',
    'Give the name of a program in PATH, or its absolute path.',
    'terminal',
  ),
  noCarrier: row(
    'HOST-NO-CARRIER',
    'Input and output of processes cannot be carried',
    'build/container-io was not built.',
    'Install a C compiler (apt-get install gcc libc6-dev) and run: sh tools/setup.sh',
    'terminal',
  ),
  dial: row(
    'HOST-DIAL',
    'Nothing answers at a port inside a namespace',
    'No program listens there.',
    'Look at what listens: ss -ltn in the same network namespace.',
    'retry',
  ),
  timeout: row(
    'HOST-TIMEOUT',
    'A command took too long and was killed',
    'It did not end within timeoutMs, or left a child holding its output open.',
    'Raise timeoutMs, or detach the child from stdout and stderr.',
    'retry',
  ),
  listen: row(
    'HOST-LISTEN',
    'A socket could not be opened inside a namespace',
    'The address is in use there, or not configured on any of its devices.',
    'Configure the address first, or choose another port.',
    'retry',
  ),
} as const satisfies Record<string, CatalogueEntry>;

/** A `TrunklineError` from its code, for errors that crossed the channel; an unknown code counts as `HOST-COMMAND`. */
export function hostErrorFromCode(code: string, message: string): TrunklineError {
  const entry = Object.values(HOST_ERRORS).find((candidate) => candidate.code === code) ?? HOST_ERRORS.command;
  return new TrunklineError(entry, message);
}
