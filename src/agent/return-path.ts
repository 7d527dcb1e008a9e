// Answers to who called the node's address leave by the way they came: for hostPort, and for node ports that keep the caller's address (ADR 0034).
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { createController } from '../kube/controller.ts';
import type { Controller } from '../kube/types.ts';
import { agentErrors } from './errors.ts';

const AGAIN_MS = 60_000;
const TABLE = 'ip tke-eni-agent';
/** The bit that the VPC CNI of a peer uses for the same purpose, at the same preference (facts: peers-aws). */
const MARK = '0x80';
const PREFERENCE = '1024';
const RULE = ['pref', PREFERENCE, 'fwmark', `${MARK}/${MARK}`, 'lookup', 'main'] as const;

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

const rules = z.array(
  z.object({ fwmark: z.string().optional(), table: z.union([z.string(), z.int()]).transform(String).optional() }),
);

/** `lead`: what leads a tool into the node's namespace; by default the program is in it. */
export function createReturnPath(lead: readonly string[] = []): ReturnPath {
  const run = async (argv: readonly string[], input = ''): Promise<string> => {
    const { code, stdout, stderr } = await runToEnd([...lead, ...argv], input);
    if (code === 0) return stdout;
    throw new TrunklineError(agentErrors.kernel, `${argv.join(' ')}: ${stderr.trim()}`);
  };
  const hasRule = async (): Promise<boolean> => {
    const text = await run(['ip', '-4', '-json', 'rule', 'show', 'pref', PREFERENCE]);
    const found = rules.parse(JSON.parse(text.trim() === '' ? '[]' : text));
    return found.some(({ fwmark, table }) => fwmark === MARK && table === 'main');
  };
  const list = async (): Promise<string> =>
    (await runToEnd([...lead, 'nft', '-s', 'list', 'table', ...TABLE.split(' ')])).stdout;
  /** The table as this program left it. */
  let left: string | undefined;
  return {
    ensure: async () => {
      // Before the packets are marked.
      const isMissing = !(await hasRule());
      if (isMissing) await run(['ip', '-4', 'rule', 'add', ...RULE]);
      if (left !== undefined && (await list()) === left) return isMissing;
      await run(['nft', '-f', '-'], RULESET);
      left = await list();
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

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runToEnd([program = '', ...args]: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.on('error', (cause) =>
      reject(new TrunklineError(agentErrors.kernel, `${program} cannot be started`, { cause })),
    );
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    // It may end before it has read everything; its exit code tells why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
