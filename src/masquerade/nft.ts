// The node's nftables as ip-masq-agent uses them: its table, whose sets it changes by element.
import { z } from 'zod';
import { createNftTable, type NftListing } from '../node-network/nft-table.ts';
import { createTool, type Tool } from '../node-network/run-tool.ts';
import { masqErrors } from './errors.ts';
import { MASQ_SETS, MASQ_TABLE, type MasqRuleset, type MasqSet } from './ruleset.ts';

/** The table as the kernel has it. */
export interface MasqTable {
  /** All but the elements of its sets; never changed by a change of elements. */
  readonly layout: string;
  /** The elements; undefined when it is not laid out as ours, or has elements that we never write. */
  readonly ruleset: MasqRuleset | undefined;
}

/** Every method throws MASQ-KERNEL-REFUSED with nft's own words. */
export interface Nft {
  /** One transaction: all of it or nothing. */
  load(text: string): Promise<void>;
  /** The whole table anew, and what the kernel has then of it: nothing of others. */
  loadWhole(text: string): Promise<MasqTable>;
  /** Undefined when there is no such table. */
  read(): Promise<MasqTable | undefined>;
}

const refused = masqErrors.kernelRefused;

/** `tool`: how nft is run; by default in the namespace of this program. */
export function createNft(tool: Tool = createTool({ refused })): Nft {
  const table = createNftTable(MASQ_TABLE, { tool, refused });
  return {
    load: (text) => table.load(text),
    loadWhole: async (text) => meaningOf(await table.loadWhole(text)),
    read: async () => {
      const listing = await table.read();
      return listing === undefined ? undefined : meaningOf(listing);
    },
  };
}

function meaningOf({ layout, elements }: NftListing): MasqTable {
  const sets = MASQ_SETS.flatMap((name): [MasqSet, readonly string[]][] => {
    const cidrs = elements.get(name)?.map(cidrOf);
    return cidrs?.every((cidr) => cidr !== undefined) ? [[name, cidrs]] : [];
  });
  return { layout, ruleset: sets.length === MASQ_SETS.length ? (Object.fromEntries(sets) as MasqRuleset) : undefined };
}

const prefixElement = z.object({ prefix: z.object({ addr: z.string(), len: z.int() }) });

/** nft prints a single address without its length. */
function cidrOf(element: unknown): string | undefined {
  if (typeof element === 'string') return `${element}/${element.includes(':') ? 128 : 32}`;
  const { data } = prefixElement.safeParse(element);
  return data === undefined ? undefined : `${data.prefix.addr}/${data.prefix.len}`;
}
