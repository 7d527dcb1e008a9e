// `trunkline support`: an archive for somebody else.
import type { Command } from 'commander';

import type { Run } from '../program.ts';

export function addSupportCommand(program: Command, run: Run): void {
  program
    .command('support')
    .description('an archive of our objects, the cloud as it was read, findings and logs, with secrets removed')
    .option('--to <file>', 'where to write it', 'trunkline-support.tar.gz')
    .addHelpText(
      'after',
      `
Secrets are never read. Keys, tokens and values of environment variables are taken out of what is; see what is in it with
  tar -tzf trunkline-support.tar.gz

Examples:
  trunkline support
  trunkline support --to /tmp/bundle.tar.gz --no-cloud`,
    )
    .action(
      run(async (session, options: { to: string }) => {
        const { support } = await import('../support/support.ts');
        return support(session, options.to);
      }),
    );
}
