// `trunkline eip orphans`: EIPs that a cluster bought and that nothing in it holds any more.
import type { Command } from 'commander';

import type { Run } from '../program.ts';

/** `eip orphans [--deleted-cluster uid] [--release [--yes]]`. */
export function addEipCommand(program: Command, run: Run): void {
  const eip = program.command('eip').description('EIPs that the cluster bought').helpCommand(false);
  eip
    .command('orphans')
    .description(
      'EIPs that this cluster bought and that no EIPClaim holds: they cost money, and deleting a cluster leaves them',
    )
    .option('--deleted-cluster <uid>', 'of a cluster that is gone, by the value of the tag trunkline-cluster-uid')
    .option('--release', 'say what would be released; with --yes, release it for ever')
    .option('--yes', 'with --release: do it')
    .addHelpText(
      'after',
      `
An EIP that is bound is never released: unbind it first, if nothing needs it.

Examples:
  trunkline eip orphans
  trunkline eip orphans --release
  trunkline eip orphans --release --yes
  trunkline eip orphans --deleted-cluster 6f1c0b1e-8a57-4b0e-9d0c-1d1f4c0a7b11 --region ap-guangzhou`,
    )
    .action(
      run(async (session, options: { deletedCluster?: string; release?: true; yes?: true }) => {
        const { eipOrphans } = await import('../eip/orphans.ts');
        return eipOrphans(session, {
          deletedCluster: options.deletedCluster,
          release: options.release === true,
          yes: options.yes === true,
        });
      }),
    );
}
