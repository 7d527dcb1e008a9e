// The command line as a whole: global options, the list of commands, and how an error ends it.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { errorText, TrunklineError } from '../base/errors.ts';
import { kubeErrors } from '../kube/kube-errors.ts';
import { isBaseUrl } from './cloud-access.ts';
import { addCapacityCommand } from './commands/capacity.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEipCommand } from './commands/eip.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addSupportCommand } from './commands/support.ts';
import { addTraceCommand } from './commands/trace.ts';
import type { CliSession, CliWorld, OutputForm } from './context.ts';
import { cliErrors } from './errors.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { openSession } from './session.ts';

/**
 * How a command does its work: `run` opens a session from the global options, closes it, and remembers the exit code that `work` resolves to.
 * The arguments are those that commander gives to an action: the command's arguments, then its options.
 */
export type Run = <A extends unknown[]>(
  work: (session: CliSession, ...args: A) => Promise<number>,
) => (...args: [...A, Command]) => Promise<void>;

/** Puts one command, with its help and examples, into the program. What it needs is loaded inside its action. */
export type AddCommand = (program: Command, run: Run) => void;

/** The complete list, in the order of `--help`. */
const commands: readonly AddCommand[] = [
  addTraceCommand,
  addExplainCommand,
  addPlanCommand,
  addDoctorCommand,
  addCapacityCommand,
  addEipCommand,
  addSupportCommand,
  addCompletionCommand,
];

interface GlobalOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly output: OutputForm;
  readonly region?: string;
  readonly cloudEndpoint?: string;
  readonly credentialsDir?: string;
  readonly cloud: boolean;
}

/** Runs one command line to its end and resolves to the exit code; never throws, and leaves nothing open. */
export async function runCli(world: CliWorld, argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const run: Run =
    <A extends unknown[]>(work: (session: CliSession, ...args: A) => Promise<number>) =>
    async (...args: [...A, Command]) => {
      const command = args.at(-1);
      if (!(command instanceof Command)) throw new TypeError('an action is given its command last');
      const options = command.optsWithGlobals<GlobalOptions>();
      const session = openSession(world, {
        file: options.kubeconfig,
        context: options.context,
        namespace: options.namespace,
        output: options.output,
        cloud: {
          region: options.region,
          endpoint: options.cloudEndpoint,
          credentialsDir: options.credentialsDir,
          none: !options.cloud,
        },
      });
      try {
        code = await work(session, ...(args.slice(0, -1) as unknown[] as A));
      } finally {
        session.close();
      }
    };
  try {
    await createProgram(world, run).parseAsync(argv, { from: 'user' });
    return world.signal.aborted ? exitCodes.interrupted : code;
  } catch (error) {
    if (world.signal.aborted) return exitCodes.interrupted;
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    world.err.write(`${world.name}: ${errorText(error)}\n`);
    if (error instanceof TrunklineError) world.err.write(`  ${error.code}: ${error.entry.cure}\n`);
    return codeOf(error);
  }
}

/** The program with all its commands; completion walks it, too. */
export function createProgram(world: CliWorld, run: Run): Command {
  const program = new Command(world.name)
    .description('Trunkline explains, predicts and checks the network of Pods with VPC addresses')
    .version(world.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void world.out.write(text),
      writeErr: (text) => void world.err.write(text),
      getOutHelpWidth: () => world.out.columns ?? 100,
      getErrHelpWidth: () => world.err.columns ?? 100,
    })
    .option('--kubeconfig <file>', 'as for kubectl; default $KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig; default the current one')
    .option('-n, --namespace <name>', "namespace of names that say none; default the context's")
    .addOption(
      new Option('-o, --output <form>', 'how the answer is printed').choices(['text', 'json', 'yaml']).default('text'),
    )
    .option('--region <name>', 'region of the cloud; default $TENCENTCLOUD_REGION, else the add-on values')
    .option('--cloud-endpoint <url>', 'base URL of the cloud; default its public endpoints', url)
    .option('--credentials-dir <folder>', 'files secretId, secretKey, token; default $TENCENTCLOUD_SECRET_ID and so on')
    .option('--no-cloud', 'do not ask the cloud; what is not known without it is said')
    .addHelpText('after', `\n${exitCodeHelp}`)
    .showHelpAfterError(`(${world.name} --help shows the commands)`)
    .helpCommand(false);
  for (const add of commands) add(program, run);
  return program;
}

function url(text: string): string {
  if (!isBaseUrl(text)) throw new InvalidArgumentError('expected a base URL such as http://127.0.0.1:8080.');
  return text;
}

const USAGE: readonly string[] = [
  cliErrors.usage.code,
  cliErrors.nameUnknown.code,
  cliErrors.nameAmbiguous.code,
  cliErrors.fileInvalid.code,
  kubeErrors.configInvalid.code,
];

function codeOf(error: unknown): number {
  return error instanceof TrunklineError && USAGE.includes(error.code) ? exitCodes.usage : exitCodes.failed;
}
