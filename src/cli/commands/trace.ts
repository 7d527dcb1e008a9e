// `trunkline trace`: why A does or does not reach B.
import type { Command } from 'commander';

import type { Run } from '../program.ts';

/** `trace FROM TO[:PORT[/PROTO]]`. */
export function addTraceCommand(program: Command, run: Run): void {
  program
    .command('trace')
    .description('the way of a flow from FROM to TO: each hop with the rule that decided, and on failure what mends it')
    .argument('<from>', 'a Pod, node/NAME, deploy/NAME (sts, ds, job), or an address')
    .argument('<to>', 'the same, or svc/NAME or a DNS name; with :PORT, :PORT/udp or :icmp')
    .option('--probe', 'also send real packets from inside the Pod, and compare', false)
    .addHelpText(
      'after',
      `
Names are looked for in the namespace of -n; NAMESPACE/NAME and NAMESPACE/KIND/NAME name another one.
Exit codes: 0 delivered, 1 blocked, 2 usage, 3 not known, 4 failed.

Examples:
  trunkline trace nginx-pod nginx-pod2:80
  trunkline trace deploy/web shop/svc/api:8080
  trunkline trace shop/web-0 node/10.0.0.12:9100
  trunkline trace web-0 8.8.8.8:53/udp
  trunkline trace 203.0.113.9 web-0:443 -o json
  trunkline trace web-0 my-app:80 --probe`,
    )
    .action(
      run(async (session, from: string, to: string, options: { readonly probe: boolean }) => {
        const { trace } = await import('../trace/run.ts');
        return trace(session, from, to, options);
      }),
    );
}
