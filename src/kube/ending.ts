// How a program ends: what went wrong in one line, and the exit code that says whether its configuration can be right at all.
import { errorText, TrunklineError } from '../base/errors.ts';
import { kubeErrors } from './kube-errors.ts';

/**
 * Runs the program to its end. An error goes to stderr with the program's name; the exit code is 1, or 2 for errors of a configuration that
 * cannot be right, as for a wrong flag: a kubeconfig that cannot be read, and the further codes named.
 */
export async function runToItsEnd(
  program: string,
  main: () => Promise<void>,
  wrongConfiguration: readonly string[] = [],
): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${program}: ${errorText(error)}\n`);
    const code = error instanceof TrunklineError ? error.code : '';
    process.exitCode = [kubeErrors.configInvalid.code, ...wrongConfiguration].includes(code) ? 2 : 1;
  }
}
