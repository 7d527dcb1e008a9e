// A policy rule that a program keeps on its node: packets with its bit go by another table. IPv4, as the Pods' ENI tables are.
import { z } from 'zod';
import type { CatalogueEntry } from '../base/errors.ts';
import { mustRun, type Tool } from './run-tool.ts';

export interface MarkedTraffic {
  /** Preference of the rule; rules of others may have the same. */
  readonly priority: number;
  /** One bit, in hexadecimal as `ip rule` prints it: the mark and its mask. */
  readonly mark: string;
  readonly table: string;
}

export interface PolicyRule {
  /** There is exactly one. True when something had to be changed for that. Throws the row of what is refused. */
  ensure(): Promise<boolean>;
  /** There is none. */
  remove(): Promise<void>;
}

const rules = z.array(
  z.object({
    fwmark: z.string().optional(),
    fwmask: z.string().optional(),
    table: z.union([z.string(), z.int()]).transform(String).optional(),
  }),
);

export function createPolicyRule(
  { priority, mark, table }: MarkedTraffic,
  { tool, refused }: { readonly tool: Tool; readonly refused: CatalogueEntry },
): PolicyRule {
  const words = ['pref', String(priority), 'fwmark', `${mark}/${mark}`, 'lookup', table];
  const ip = (...args: readonly string[]): Promise<string> => mustRun(tool, refused, ['ip', '-4', ...args]);
  const count = async (): Promise<number> => {
    const text = await ip('-json', 'rule', 'show', 'pref', String(priority));
    const found = rules.parse(JSON.parse(text.trim() === '' ? '[]' : text));
    return found.filter((rule) => rule.fwmark === mark && rule.fwmask === mark && rule.table === table).length;
  };
  const settle = async (wanted: 0 | 1): Promise<boolean> => {
    const there = await count();
    if (there < wanted) await ip('rule', 'add', ...words);
    for (let surplus = there; surplus > wanted; surplus -= 1) await ip('rule', 'del', ...words);
    return there !== wanted;
  };
  return {
    ensure: () => settle(1),
    remove: async () => void (await settle(0)),
  };
}
