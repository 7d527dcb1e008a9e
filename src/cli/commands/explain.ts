// `trunkline explain`: what applies to a Pod, a node, a policy, an EIP, and what an error code means.
import type { Command } from 'commander';

import type { Run } from '../program.ts';

/** `explain pod|node|sgp|eip NAME` and `explain CODE`. */
export function addExplainCommand(program: Command, run: Run): void {
  const explain = program
    .command('explain')
    .description('what applies to a Pod, a node, a policy or an EIP, where it came from, and what an error code means')
    .argument('[code]', 'an error code such as CLOUD-SUBNET-DRY, or the reason of an Event')
    .addHelpText(
      'after',
      `
Examples:
  trunkline explain pod web-0
  trunkline explain pod shop/web-0 -o yaml
  trunkline explain node 10.0.0.12
  trunkline explain sgp web-policy -n shop
  trunkline explain CLOUD-SUBNET-DRY`,
    );
  explain.action(
    run(async (session, code: string | undefined) => {
      const { explainCode } = await import('../explain/code.ts');
      return explainCode(session, code);
    }),
  );
  explain
    .command('pod')
    .description('network, node, ENI, addresses, groups and their origin, policies, EIP, phases, what it waits for')
    .argument('<pod>', 'NAME, NAMESPACE/NAME, or the beginning of a name')
    .action(
      run(async (session, name: string) => {
        const { explainPodCommand } = await import('../explain/pod.ts');
        return explainPodCommand(session, name);
      }),
    );
  explain
    .command('node')
    .description('machine, ENIs and their groups, what it offers to Pods and why, kernel, troubles')
    .argument('<node>', 'name, address or instance id')
    .action(
      run(async (session, name: string) => {
        const { explainNodeCommand } = await import('../explain/others.ts');
        return explainNodeCommand(session, name);
      }),
    );
  explain
    .command('sgp')
    .description('what a SecurityGroupPolicy selects, its rules, what its Pods have, what its groups lack')
    .argument('<policy>', 'NAME or NAMESPACE/NAME')
    .action(
      run(async (session, name: string) => {
        const { explainPolicyCommand } = await import('../explain/others.ts');
        return explainPolicyCommand(session, name);
      }),
    );
  explain
    .command('eip')
    .description('an EIP: its claim, Pod and binding, and why the internet sees another address')
    .argument('<claim>', 'EIPClaim (NAME or NAMESPACE/NAME), EIP id or public address')
    .action(
      run(async (session, name: string) => {
        const { explainEipCommand } = await import('../explain/others.ts');
        return explainEipCommand(session, name);
      }),
    );
}
