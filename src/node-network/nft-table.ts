// A table of nftables that a program keeps on its node, and how it notices what somebody else did to it.
import { z } from 'zod';
import { type CatalogueEntry, TrunklineError } from '../base/errors.ts';
import { mustRun, type Tool } from './run-tool.ts';

/** A table as the kernel has it. */
export interface NftListing {
  /** Its chains, its rules and its sets without their elements. To be compared with that of another listing. */
  readonly layout: string;
  /** Elements by set, as `nft -j` writes them. */
  readonly elements: ReadonlyMap<string, readonly unknown[]>;
}

/** Every method throws the row of what is refused, with nft's own words. */
export interface NftTable {
  /** One transaction: all of it or nothing. */
  load(text: string): Promise<void>;
  /** Undefined when there is no such table. */
  read(): Promise<NftListing | undefined>;
  /**
   * `text` makes the whole table anew. Resolves with what it is in the kernel's own words: what two loads in a row gave. One alone may have been
   * changed by somebody else before it was read, and that would pass for ours from then on.
   */
  loadWhole(text: string): Promise<NftListing>;
}

/** Enough for somebody who comes by; who changes the table this often is at war with it. */
const LOADS = 6;

const listingSchema = z.object({ nftables: z.array(z.record(z.string(), z.record(z.string(), z.unknown()))) });

/** `name`: family and name. */
export function createNftTable(
  name: string,
  { tool, refused }: { readonly tool: Tool; readonly refused: CatalogueEntry },
): NftTable {
  const table: NftTable = {
    load: async (text) => void (await mustRun(tool, refused, ['nft', '-f', '-'], text)),
    read: async () => {
      const argv = ['nft', '-j', '-s', 'list', 'table', ...name.split(' ')];
      const { code, stdout, stderr } = await tool(argv);
      if (code === 0) return listingOf(stdout);
      if (stderr.includes('No such file or directory')) return undefined;
      throw new TrunklineError(refused, `${argv.join(' ')}: ${stderr.trim()}`);
    },
    loadWhole: async (text) => {
      let before: NftListing | undefined;
      for (let loads = 0; loads < LOADS; loads += 1) {
        await table.load(text);
        const after = await table.read();
        if (before !== undefined && after !== undefined && isSame(before, after)) return after;
        before = after;
      }
      throw new TrunklineError(refused, `table ${name} was changed by somebody else each time it was loaded`);
    },
  };
  return table;
}

export function isSame(one: NftListing, other: NftListing): boolean {
  return one.layout === other.layout && JSON.stringify([...one.elements]) === JSON.stringify([...other.elements]);
}

function listingOf(text: string): NftListing {
  const elements = new Map<string, readonly unknown[]>();
  const layout = listingSchema.parse(JSON.parse(text)).nftables.flatMap((entry) =>
    Object.entries(entry).flatMap(([kind, object]) => {
      if (kind === 'metainfo') return [];
      const { elem, name } = object;
      if (kind === 'set') elements.set(String(name), Array.isArray(elem) ? elem : []);
      // A number that the kernel gives anew with each load.
      return [[kind, { ...object, handle: undefined, elem: undefined }]];
    }),
  );
  return { layout: JSON.stringify(layout), elements };
}
