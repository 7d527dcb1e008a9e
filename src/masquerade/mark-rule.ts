// The policy rule by which packets that leave with the node's address take the node's own way. IPv4, as the Pods' ENI tables are.
import { z } from 'zod';
import { TrunklineError } from '../base/errors.ts';
import { masqErrors } from './errors.ts';
import { MARK_RULE } from './ruleset.ts';
import { runTool, type ToolCommand } from './run-tool.ts';

export interface MarkRule {
  /** There is exactly one. True when something had to be changed for that. Throws MASQ-KERNEL-REFUSED. */
  ensure(): Promise<boolean>;
  /** There is none. */
  remove(): Promise<void>;
}

const rules = z.array(
  z.object({ fwmark: z.string().optional(), table: z.union([z.string(), z.int()]).transform(String).optional() }),
);

const PRIORITY = String(MARK_RULE.priority);
const WORDS = ['pref', PRIORITY, 'fwmark', `${MARK_RULE.fwmark}/${MARK_RULE.fwmask}`, 'lookup', MARK_RULE.table];

/** `command`: how iproute2 is started; by default in the namespace of this program. */
export function createMarkRule(command: ToolCommand = ['ip']): MarkRule {
  const ip = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runTool(command, args);
    if (code === 0) return stdout;
    throw new TrunklineError(masqErrors.kernelRefused, `ip ${args.join(' ')}: ${stderr.trim()}`);
  };
  const count = async (): Promise<number> => {
    const text = await ip('-4', '-json', 'rule', 'show', 'pref', PRIORITY);
    const found = rules.parse(JSON.parse(text.trim() === '' ? '[]' : text));
    return found.filter(({ fwmark, table }) => fwmark === MARK_RULE.fwmark && table === MARK_RULE.table).length;
  };
  const settle = async (wanted: 0 | 1): Promise<boolean> => {
    const there = await count();
    if (there < wanted) await ip('-4', 'rule', 'add', ...WORDS);
    for (let surplus = there; surplus > wanted; surplus -= 1) await ip('-4', 'rule', 'del', ...WORDS);
    return there !== wanted;
  };
  return {
    ensure: () => settle(1),
    remove: async () => void (await settle(0)),
  };
}
