// `trunkline plan -f FILE`: what would change; nothing is written.
import { type Command, InvalidArgumentError } from 'commander';

import type { AskedPort } from '../../diagnose/plan/flows.ts';
import type { Run } from '../program.ts';

export function addPlanCommand(program: Command, run: Run): void {
  program
    .command('plan')
    .description('what would change if these objects or these cloud rules were applied; nothing is written')
    .requiredOption('-f, --filename <file>', 'YAML or JSON with any number of documents; - reads standard input')
    .option('--delete', 'the objects would be deleted instead', false)
    .option(
      '--ports <list>',
      'also ask about these ports, e.g. 443,53/udp; default those that containers declare',
      ports,
      [],
    )
    .addHelpText(
      'after',
      `
Objects: SecurityGroupPolicy, NodeENIConfig, ServiceAccount, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job.
Cloud rules: the input of tccli vpc CreateSecurityGroupPolicies (one direction: added) or ModifySecurityGroupPolicies
(both directions: all there is), as {SecurityGroupId, SecurityGroupPolicySet}.

Examples:
  trunkline plan -f policy.yaml
  kubectl kustomize overlays/prod | trunkline plan -f -
  trunkline plan -f rules.json --ports 6379 -o json
  trunkline plan -f policy.yaml --delete`,
    )
    .action(
      run(async (session, options: { filename: string; delete: boolean; ports: readonly AskedPort[] }) => {
        const { plan } = await import('../plan/plan.ts');
        return plan(session, { file: options.filename, deletion: options.delete, ports: options.ports });
      }),
    );
}

function ports(text: string): readonly AskedPort[] {
  return text.split(',').map((word) => {
    const match = /^(\d{1,5})(?:\/(tcp|udp))?$/i.exec(word.trim());
    const port = Number(match?.[1]);
    if (match === null || port < 1 || port > 65_535)
      throw new InvalidArgumentError('expected a comma list of ports such as 443,53/udp.');
    return { port, protocol: match[2]?.toUpperCase() === 'UDP' ? 'UDP' : 'TCP' };
  });
}
