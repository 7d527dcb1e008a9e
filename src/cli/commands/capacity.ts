// `trunkline capacity`: how many more Pods fit.
import type { Command } from 'commander';

import type { Run } from '../program.ts';

export function addCapacityCommand(program: Command, run: Run): void {
  program
    .command('capacity')
    .description('how many more Pods of each network fit, per node, zone and subnet, and which limit is hit first')
    .addHelpText(
      'after',
      `
CPU and memory are the scheduler's and are not looked at.

Examples:
  trunkline capacity
  trunkline capacity -o json | jq '.total'`,
    )
    .action(
      run(async (session) => {
        const { capacity } = await import('../capacity/capacity.ts');
        return capacity(session);
      }),
    );
}
