// The kernel's early demux of the node: off as the two documented keys say, and back to the value that was found.
import { rename } from 'node:fs/promises';
import { z } from 'zod';
import type { DemuxKeys } from '../api/addon-values.ts';
import { errorText, TrunklineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { readIfThere, removeDurably, writeDurably } from './durable-file.ts';
import { agentErrors } from './errors.ts';
import type { Kernel } from './kernel.ts';

const protocols = ['tcp', 'udp'] as const;
type Protocol = (typeof protocols)[number];

/** Values that were found before the first change, by protocol; absent while nothing is changed. */
const foundSchema = z.object({ tcp: z.string().optional(), udp: z.string().optional() });
type Found = z.infer<typeof foundSchema>;

export interface EarlyDemux {
  /** `strict`: some Pod of the node is, which is what `auto` goes by. Throws AGENT-KERNEL-REFUSED. */
  settle(keys: DemuxKeys, strict: boolean): Promise<void>;
  /** In effect, by protocol; absent for a kernel that has no such switch. */
  observe(): Promise<{ readonly tcp?: boolean; readonly udp?: boolean }>;
}

const sysctlOf = (protocol: Protocol): string => `net/ipv4/${protocol}_early_demux`;

/**
 * `path`: where the found values are kept over restarts. They are on disk before the kernel is changed. A value that somebody else set meanwhile is not
 * restored over.
 */
export function createEarlyDemux(deps: {
  readonly kernel: Pick<Kernel, 'sysctl' | 'setSysctl'>;
  readonly path: string;
  readonly logger: Logger;
}): EarlyDemux {
  const { kernel, path, logger } = deps;
  const save = (found: Found): Promise<void> =>
    Object.keys(found).length === 0 ? removeDurably(path) : writeDurably(path, `${JSON.stringify(found)}\n`);

  const settleOne = async (protocol: Protocol, off: boolean, found: Found): Promise<Found> => {
    const { [protocol]: before, ...others } = found;
    if (!off && before === undefined) return found;
    const now = await kernel.sysctl(sysctlOf(protocol));
    if (now === undefined) return found;
    if (off) {
      const known = before === undefined ? { ...found, [protocol]: now } : found;
      if (before === undefined) await save(known);
      if (now !== '0') await setAndTell(protocol, now, '0');
      return known;
    }
    if (now === '0' && before !== undefined && before !== '0') await setAndTell(protocol, now, before);
    await save(others);
    return others;
  };
  const setAndTell = async (protocol: Protocol, from: string, to: string): Promise<void> => {
    await kernel.setSysctl(sysctlOf(protocol), to);
    logger.info({ sysctl: sysctlOf(protocol).replaceAll('/', '.'), from, to }, 'early demux set as the keys say');
  };

  return {
    settle: async (keys, strict) => {
      let found = await load(path, logger);
      for (const protocol of protocols) {
        const key = keys[protocol];
        found = await settleOne(protocol, key === 'true' || (key === 'auto' && strict), found);
      }
    },
    observe: async () => {
      const all = await kernel.sysctl('net/ipv4/ip_early_demux');
      const states: { tcp?: boolean; udp?: boolean } = {};
      for (const protocol of protocols) {
        const own = await kernel.sysctl(sysctlOf(protocol));
        if (own !== undefined) states[protocol] = own !== '0' && all !== '0';
      }
      return states;
    },
  };
}

async function load(path: string, logger: Logger): Promise<Found> {
  const content = await readIfThere(path);
  if (content === undefined) return {};
  try {
    return foundSchema.parse(JSON.parse(String(content)));
  } catch (cause) {
    const error = new TrunklineError(agentErrors.stateUnreadable, `${path}: ${errorText(cause)}`);
    logger.error({ code: error.code, error: error.message }, 'state file set aside');
    await rename(path, `${path}.unreadable`);
    return {};
  }
}
