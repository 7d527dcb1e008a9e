// The node's nftables as ip-masq-agent uses them: load a text in one transaction, and list the table.
import { z } from 'zod';
import { TrunklineError } from '../base/errors.ts';
import { masqErrors } from './errors.ts';
import { MASQ_SETS, MASQ_TABLE, type MasqRuleset, type MasqSet } from './ruleset.ts';
import { runTool, type ToolCommand } from './run-tool.ts';

export interface Nft {
  /** One transaction: all of it or nothing. Throws MASQ-KERNEL-REFUSED with nft's own words. */
  load(text: string): Promise<void>;
  /** The table as text, to compare with an earlier one; undefined when there is none. */
  list(): Promise<string | undefined>;
  /** The CIDRs in the table's sets; undefined when there is no such table or it is not laid out as ours. */
  elements(): Promise<MasqRuleset | undefined>;
}

const jsonList = z.object({
  nftables: z.array(
    z.object({ set: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional() }),
  ),
});
const prefixElement = z.object({ prefix: z.object({ addr: z.string(), len: z.int() }) });

/** `command`: how nft is started; by default in the namespace of this program. */
export function createNft(command: ToolCommand = ['nft']): Nft {
  const run = (args: readonly string[], input?: string) => runTool(command, args, input);
  const list = async (...options: string[]): Promise<string | undefined> => {
    const { code, stdout, stderr } = await run(['-s', ...options, 'list', 'table', ...MASQ_TABLE.split(' ')]);
    if (code === 0) return stdout;
    if (stderr.includes('No such file or directory')) return undefined;
    throw new TrunklineError(masqErrors.kernelRefused, `nft list table ${MASQ_TABLE}: ${stderr.trim()}`);
  };
  return {
    load: async (text) => {
      const { code, stderr } = await run(['-f', '-'], text);
      if (code !== 0) throw new TrunklineError(masqErrors.kernelRefused, `nft -f -: ${stderr.trim()}`);
    },
    list: () => list(),
    elements: async () => {
      const text = await list('-j');
      if (text === undefined) return undefined;
      const sets = new Map(
        jsonList.parse(JSON.parse(text)).nftables.flatMap(({ set }) => (set === undefined ? [] : [[set.name, set]])),
      );
      if (!MASQ_SETS.every((name) => sets.has(name))) return undefined;
      const found = (name: MasqSet): readonly string[] => (sets.get(name)?.elem ?? []).map((elem) => cidrOf(elem));
      return {
        'nonmasq-dst-4': found('nonmasq-dst-4'),
        'nonmasq-src-4': found('nonmasq-src-4'),
        'nonmasq-dst-6': found('nonmasq-dst-6'),
        'nonmasq-src-6': found('nonmasq-src-6'),
      };
    },
  };
}

/** nft prints a single address without its length. */
function cidrOf(element: unknown): string {
  if (typeof element === 'string') return `${element}/${element.includes(':') ? 128 : 32}`;
  const { addr, len } = prefixElement.parse(element).prefix;
  return `${addr}/${len}`;
}
