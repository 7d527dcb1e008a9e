// For tests: a kernel that keeps links and rules as `ip` would, remembers every line, and refuses what it is told to.
import { TrunklineError } from '../../base/errors.ts';
import { agentErrors } from '../errors.ts';
import type { Kernel, KernelLink } from '../kernel.ts';
import { kernelRuleSchema } from '../plan-rules.ts';

export interface FakeKernel extends Kernel {
  /** Every line so far; a Pod's are preceded by its namespace and a space. */
  readonly lines: readonly string[];
  readonly rulesNow: ReadonlySet<string>;
  readonly deviceNames: readonly string[];
  /** Preferences of the rules of the table `local`; the test may do what other programs do. */
  readonly localNow: Set<number>;
  /** By name below /proc/sys. */
  readonly sysctls: Map<string, string>;
  plug(link: { readonly name: string; readonly mac: string }): void;
  unplug(name: string): void;
  /** Asked before each line; what it throws is the kernel's refusal. */
  intercept(fn: ((line: string) => void) | undefined): void;
  /** Awaited before each batch. */
  delay(fn: (() => Promise<void>) | undefined): void;
}

/** `vlan`: has 802.1Q devices. Understands the lines of the planners and drivers; any other line is an error of the test. */
export function createFakeKernel(options: { readonly vlan?: boolean } = {}): FakeKernel {
  const links = new Map<string, { mac: string; up: boolean }>();
  const rules = new Set<string>();
  /** Devices by table and destination. */
  const routes = new Map<string, string>();
  const localNow = new Set([0]);
  const sysctls = new Map([
    ['net/ipv4/ip_early_demux', '1'],
    ['net/ipv4/tcp_early_demux', '1'],
    ['net/ipv4/udp_early_demux', '1'],
  ]);
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  let intercept: ((line: string) => void) | undefined;
  let delay: (() => Promise<void>) | undefined;

  const refuse = (line: string, why: string): never => {
    throw new TrunklineError(agentErrors.kernel, `ip ${line}: ${why}`);
  };
  const existing = (line: string, name: string): { mac: string; up: boolean } =>
    links.get(name) ?? refuse(line, `Cannot find device "${name}"`);

  const inNode = (line: string): void => {
    const words = line.split(' ');
    const [object, verb, name = '', ...rest] = words;
    const local = /^rule (add|del) pref (\d+) lookup local$/.exec(line);
    if (local !== null) {
      const preference = Number(local[2]);
      if (verb === 'add' && localNow.has(preference)) refuse(line, 'File exists');
      if (verb === 'add') localNow.add(preference);
      else if (!localNow.delete(preference)) refuse(line, 'No such file or directory');
      if (localNow.size === 0) throw new Error('the node is without a rule of local');
      return;
    }
    if (object === 'rule') {
      const rule = words.slice(2).join(' ');
      if (verb === 'add' && rules.has(rule)) refuse(line, 'File exists');
      if (verb === 'add') rules.add(rule);
      else if (!rules.delete(rule)) refuse(line, 'No such file or directory');
      return;
    }
    if (object === 'route') {
      const at = (word: string, fallback: string): string =>
        words.includes(word) ? (words[words.indexOf(word) + 1] ?? '') : fallback;
      if (verb === 'replace') routes.set(`${at('table', 'main')} ${name}`, at('dev', ''));
      else if (verb === 'flush')
        for (const key of routes.keys()) if (key.startsWith(`${at('table', 'main')} `)) routes.delete(key);
      return;
    }
    if (object !== 'link') return refuse(line, 'not understood');
    const after = (word: string): string => words[words.indexOf(word) + 1] ?? '';
    if (verb === 'add') {
      if (words.includes('vlan')) {
        if (options.vlan !== true) refuse(line, 'Unknown device type');
        existing(line, words[3] ?? '');
        if (links.has(after('name'))) refuse(line, 'File exists');
        links.set(after('name'), {
          mac: words.includes('address') ? after('address') : '02:00:00:00:00:00',
          up: false,
        });
        return;
      }
      if (links.has(name)) refuse(line, 'File exists');
      links.set(name, { mac: words.includes('address') ? after('address') : '02:00:00:00:00:00', up: false });
    } else if (verb === 'delete') {
      existing(line, name);
      links.delete(name);
      for (const [key, device] of routes) if (device === name) routes.delete(key);
    } else if (rest[0] === 'name') {
      const link = existing(line, name);
      links.delete(name);
      links.set(rest[1] ?? '', link);
    } else existing(line, name).up = rest[0] === 'up';
  };

  return {
    lines,
    rulesNow: rules,
    localNow,
    sysctls,
    get deviceNames() {
      return [...links.keys()];
    },
    ipBatch: async (batch, { netns, force = false } = {}) => {
      await delay?.();
      for (const line of batch) {
        lines.push(netns === undefined ? line : `${netns} ${line}`);
        try {
          intercept?.(line);
          if (netns === undefined) inNode(line);
        } catch (error) {
          if (!force) throw error;
        }
      }
    },
    links: () =>
      Promise.resolve(
        [...links].map(([ifname, { mac, up }]): KernelLink => ({ ifname, address: mac, flags: up ? ['UP'] : [] })),
      ),
    hasLink: (device) => Promise.resolve(links.has(device)),
    hasAddress: () => Promise.resolve(false),
    rules: () =>
      Promise.resolve([
        ...[...localNow].map((priority) => ({ priority, src: 'all', table: 'local' })),
        ...[...rules].map((rule) => {
          const after = (word: string): string | undefined => new RegExp(`\\b${word} (\\S+)`).exec(rule)?.[1];
          const found = { src: after('from') ?? 'all', dst: after('to'), iif: after('iif'), table: after('lookup') };
          const action = rule.endsWith(' blackhole') ? 'blackhole' : undefined;
          return kernelRuleSchema.parse({ priority: Number(after('pref')), ...found, action });
        }),
      ]),
    routes: () =>
      Promise.resolve(
        [...routes].map(([key, dev]) => {
          const [table = '', to = ''] = key.split(' ');
          return { table, dst: to.replace('/32', ''), dev };
        }),
      ),
    addresses: () => Promise.resolve([]),
    setSysctl: (name, value) => {
      sysctls.set(name, value);
      return Promise.resolve();
    },
    sysctl: (name) => Promise.resolve(sysctls.get(name)),
    watchLinks: (changed, signal) =>
      new Promise((resolve) => {
        watchers.add(changed);
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    plug: ({ name, mac }) => {
      links.set(name, { mac, up: false });
      for (const changed of watchers) changed();
    },
    unplug: (name) => {
      links.delete(name);
      for (const changed of watchers) changed();
    },
    intercept: (fn) => {
      intercept = fn;
    },
    delay: (fn) => {
      delay = fn;
    },
  };
}
