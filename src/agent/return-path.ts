// Answers to who called the node's address leave by the way they came: for hostPort, and for node ports that keep the caller's address (ADR 0034).
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createController } from '../kube/controller.ts';
import type { Controller } from '../kube/types.ts';
import { createNftTable, isSame, type NftListing } from '../node-network/nft-table.ts';
import { createPolicyRule } from '../node-network/policy-rule.ts';
import { createTool, type Tool } from '../node-network/run-tool.ts';
import { agentErrors } from './errors.ts';

const AGAIN_MS = 60_000;
const TABLE = 'ip tke-eni-agent';
/** The bit that the VPC CNI of a peer uses for the same purpose, at the same preference (facts: peers-aws). */
const MARK = '0x80';

/**
 * Whole, in one transaction. Remembered is a connection that begins with the node's own address, on the device by which its caller would be
 * answered: not the device of a shared ENI, whose table is for Pods. Behind connection tracking, before anybody changes the destination. What a Pod
 * answers on it goes where the node's own answers would go. Behind the rules of strict Pods, which never leave but by their sub-ENI.
 */
const RULESET = `table ${TABLE} { }
delete table ${TABLE}
table ${TABLE} {
  chain return-path {
    type filter hook prerouting priority mangle; policy accept;
    iifname "tke*" ct direction reply ct mark and ${MARK} == ${MARK} meta mark set meta mark or ${MARK}
    iifname != "tke*" ct state new fib daddr type local fib saddr . iif oif exists ct mark set ct mark or ${MARK}
  }
}
`;

export interface ReturnPath {
  /** Rule and table are there. True when something had to be changed for that. Throws AGENT-KERNEL-REFUSED. */
  ensure(): Promise<boolean>;
}

/** `tool`: how the node's tools are run; by default where the program is. */
export function createReturnPath(tool: Tool = createTool({ refused: agentErrors.kernel })): ReturnPath {
  const refused = agentErrors.kernel;
  const rule = createPolicyRule({ priority: 1024, mark: MARK, table: 'main' }, { tool, refused });
  const table = createNftTable(TABLE, { tool, refused });
  /** The table as this program left it. */
  let left: NftListing | undefined;
  return {
    ensure: async () => {
      // Before the packets are marked.
      const changed = await rule.ensure();
      const found = left === undefined ? undefined : await table.read();
      if (left !== undefined && found !== undefined && isSame(found, left)) return changed;
      left = await table.loadWhole(RULESET);
      return true;
    },
  };
}

/** At the start and every minute. A kernel that refuses is told, and asked again: everything else of the node works without it. */
export function createReturnPathController(deps: {
  readonly path: ReturnPath;
  readonly clock: Clock;
  readonly logger: Logger;
}): Controller {
  return createController({
    name: 'return-path',
    clock: deps.clock,
    logger: deps.logger,
    watches: [],
    sources: [(enqueue) => enqueue('node')],
    reconcile: async (_, { log }) => {
      if (await deps.path.ensure()) log.info({ table: TABLE }, 'the way back of connections to node ports is set');
      return { requeueAfterMs: AGAIN_MS };
    },
  });
}
