// `trunkline completion SHELL`: the script that makes a shell ask `trunkline __complete` for what may come next.
import { Argument, type Command } from 'commander';

import { completionScript, shells, type Shell } from '../completion-script.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Run } from '../program.ts';

/** Adds `completion` and the hidden `__complete`, which the scripts call. */
export function addCompletionCommand(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(trunkline completion bash)
  trunkline completion zsh > "\${fpath[1]}/_trunkline"
  trunkline completion fish > ~/.config/fish/completions/trunkline.fish`,
    )
    .action(
      run((session, shell: Shell) => {
        session.world.out.write(completionScript(shell));
        return Promise.resolve(exitCodes.ok);
      }),
    );
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(
      run(async (session, words: string[]) => {
        const { complete } = await import('../complete.ts');
        for (const word of await complete(program, session, words)) session.world.out.write(`${word}\n`);
        return exitCodes.ok;
      }),
    );
}
