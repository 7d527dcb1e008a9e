// `trunkline doctor`: every check, with what mends each finding.
import { type Command, InvalidArgumentError } from 'commander';

import type { Run } from '../program.ts';

/** `doctor [--only ids] [--ipamd-credentials] [--fix [--yes]]`. */
export function addDoctorCommand(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('check permissions, versions, quotas, subnets, groups, claims, certificates, kernels and drift')
    .option('--only <checks>', 'comma list of checks, e.g. subnets,drift', list)
    .option(
      '--ipamd-credentials',
      "try the actions with the keys of ipamd's Secret instead of your own (reads that Secret)",
    )
    .option('--fix', 'say what would be done; with --yes, do what can be done without a decision')
    .option('--yes', 'with --fix: do it')
    .addHelpText(
      'after',
      `
Each CAM action is tried with ids that cannot exist: a call that is allowed fails at what it is about, and changes nothing.

Examples:
  trunkline doctor
  trunkline doctor --only drift,orphans -o json
  trunkline doctor --ipamd-credentials --only cam-actions
  trunkline doctor --fix`,
    )
    .action(
      run(async (session, options: { only?: readonly string[]; ipamdCredentials?: true; fix?: true; yes?: true }) => {
        const { doctor } = await import('../doctor/doctor.ts');
        return doctor(session, {
          only: options.only,
          ipamdCredentials: options.ipamdCredentials === true,
          fix: options.fix === true,
          yes: options.yes === true,
        });
      }),
    );
}

function list(text: string): readonly string[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.includes('')) throw new InvalidArgumentError('expected a comma list such as subnets,drift.');
  return words;
}
