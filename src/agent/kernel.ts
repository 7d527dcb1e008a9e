// The node's kernel as the agent uses it: batches for `ip`, links, rules and a few sysctls.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { errorText, TrunklineError } from '../base/errors.ts';
import { createTool, type ToolOutcome } from '../node-network/run-tool.ts';
import { isMissing } from './durable-file.ts';
import { agentErrors } from './errors.ts';
import type { IpBatch } from './ip-batch.ts';
import { type KernelRule, kernelRuleSchema } from './plan-rules.ts';

const linkSchema = z.object({
  ifname: z.string(),
  address: z.string().optional(),
  flags: z.array(z.string()),
});
export type KernelLink = z.infer<typeof linkSchema>;

const routeSchema = z.object({
  /** `default`, an address, or a prefix. */
  dst: z.string(),
  dev: z.string().optional(),
  gateway: z.string().optional(),
  /** Absent for main. */
  table: z.union([z.string(), z.int()]).transform(String).default('main'),
});
export type KernelRoute = z.infer<typeof routeSchema>;

const addressesSchema = z.object({
  ifname: z.string().optional(),
  addr_info: z.array(z.object({ local: z.string() })).optional(),
});

export interface BatchOptions {
  /** Path of another network namespace; absent: the node's. */
  readonly netns?: string;
  /** Goes on after a failing line, and does not fail. */
  readonly force?: boolean;
}

/** Every method throws AGENT-KERNEL-REFUSED with the tool's own words. */
export interface Kernel {
  ipBatch(lines: readonly string[], options?: BatchOptions): Promise<void>;
  links(options?: Pick<BatchOptions, 'netns'>): Promise<readonly KernelLink[]>;
  /** Whether a device of this name is there. */
  hasLink(device: string, options?: Pick<BatchOptions, 'netns'>): Promise<boolean>;
  /** Whether a device has this IPv4 address. */
  hasAddress(address: string, options?: Pick<BatchOptions, 'netns'>): Promise<boolean>;
  rules(options?: Pick<BatchOptions, 'netns'>): Promise<readonly KernelRule[]>;
  /** IPv4 routes of every table. */
  routes(options?: Pick<BatchOptions, 'netns'>): Promise<readonly KernelRoute[]>;
  /** Addresses of one device, without prefix length; empty when the device is not there. */
  addresses(device: string, options?: Pick<BatchOptions, 'netns'>): Promise<readonly string[]>;
  /** `net/ipv4/...` below /proc/sys, in the node's namespace. */
  setSysctl(name: string, value: string): Promise<void>;
  /** Its value without white space around; undefined when this kernel has no such switch. */
  sysctl(name: string): Promise<string | undefined>;
  /** Calls `changed` after any change of a link until `signal` aborts; rejects when the watching ended by itself. */
  watchLinks(changed: () => void, signal: AbortSignal): Promise<void>;
}

/** With `batch` where it is given and knows every line; else with the `ip` of iproute2, and nsenter for the Pods' namespaces. */
export function createKernel(batch?: IpBatch): Kernel {
  const tool = createTool({ refused: agentErrors.kernel });
  const ip = async (args: readonly string[], netns?: string, stdin = ''): Promise<ToolOutcome> =>
    tool([...(netns === undefined ? [] : ['nsenter', `--net=${netns}`]), 'ip', ...args], stdin);
  const json = async <T>(schema: z.ZodType<T>, args: readonly string[], netns?: string): Promise<readonly T[]> => {
    const outcome = await ip(['-json', ...args], netns);
    if (outcome.code !== 0) throw refused(`ip ${args.join(' ')}`, outcome.stderr);
    return z.array(schema).parse(JSON.parse(outcome.stdout === '' ? '[]' : outcome.stdout));
  };
  return {
    ipBatch: async (lines, { netns, force = false } = {}) => {
      if (lines.length === 0) return;
      const known = await batch?.run(lines, { ...(netns === undefined ? {} : { netns }), force }).catch(batchEnded);
      if (known?.kind === 'done') return;
      if (known?.kind === 'failed') throw refused(`ip ${lines[known.line - 1] ?? '-batch'}`, known.reason);
      const outcome = await ip([...(force ? ['-force'] : []), '-batch', '-'], netns, `${lines.join('\n')}\n`);
      if (outcome.code === 0 || force) return;
      const number = Number(/Command failed -:(\d+)/.exec(outcome.stderr)?.[1] ?? '0');
      throw refused(`ip ${lines[number - 1] ?? '-batch'}`, outcome.stderr.split('\n')[0] ?? '');
    },
    links: ({ netns } = {}) => json(linkSchema, ['link', 'show'], netns),
    hasLink: async (device, { netns } = {}) => {
      if (batch !== undefined) return await batch.hasDevice(device, netns).catch(batchEnded);
      return (await json(linkSchema, ['link', 'show'], netns)).some(({ ifname }) => ifname === device);
    },
    hasAddress: async (address, { netns } = {}) => {
      if (batch !== undefined) return await batch.hasAddress(address, netns).catch(batchEnded);
      const found = await json(addressesSchema, ['-4', 'address', 'show'], netns);
      return found.some(({ addr_info = [] }) => addr_info.some(({ local }) => local === address));
    },
    rules: ({ netns } = {}) => json(kernelRuleSchema, ['rule', 'show'], netns),
    routes: ({ netns } = {}) => json(routeSchema, ['-4', 'route', 'show', 'table', 'all'], netns),
    addresses: async (device, { netns } = {}) => {
      const found = (await json(addressesSchema, ['address', 'show'], netns)).find((link) => link.ifname === device);
      return found?.addr_info?.map(({ local }) => local) ?? [];
    },
    // Synchronously: the kernel answers at once, and a thread would cost more.
    setSysctl: async (name, value) => {
      try {
        await Promise.resolve(writeFileSync(`/proc/sys/${name}`, value));
      } catch (error) {
        throw new TrunklineError(agentErrors.kernel, `/proc/sys/${name} cannot be set to ${value}`, { cause: error });
      }
    },
    sysctl: async (name) => {
      try {
        return await Promise.resolve(readFileSync(`/proc/sys/${name}`, 'utf8').trim());
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw new TrunklineError(agentErrors.kernel, `/proc/sys/${name} cannot be read`, { cause: error });
      }
    },
    watchLinks: (changed, signal) =>
      new Promise((resolve, reject) => {
        const child = spawn('ip', ['-oneline', 'monitor', 'link'], { stdio: ['ignore', 'pipe', 'ignore'], signal });
        child.stdout.on('data', changed);
        child.on('error', (error) => (signal.aborted ? resolve() : reject(error)));
        child.on('close', (code) =>
          signal.aborted ? resolve() : reject(refused('ip monitor link', `ended with ${code}`)),
        );
      }),
  };
}

function batchEnded(error: unknown): never {
  throw new TrunklineError(agentErrors.kernel, `a batch for the kernel was cut off: ${errorText(error)}`, {
    cause: error,
  });
}

function refused(what: string, words: string): TrunklineError {
  return new TrunklineError(agentErrors.kernel, `${what}: ${words.trim()}`);
}
