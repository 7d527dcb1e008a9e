// Carries a snapshot into the kernel: links and filters side by side, each in one process.
import { TrunklineError } from '../../src/base/errors.ts';
import type { Logger } from '../../src/base/logger.ts';
import type { FabricSnapshot } from '../cloud/read-model.ts';
import type { ExecOptions, LabHost } from '../host/types.ts';
import { compile } from './compile.ts';
import { cutPorts, renderCut } from './cut.ts';
import { edgeOf, leadsOut, movedAddresses, NO_EDGE, renderEdge, type Edge } from './edge.ts';
import { FABRIC_ERRORS } from './errors.ts';
import { INTERNET_GUEST, INTERNET_LINK, INTERNET_NETNS } from './internet.ts';
import { observedLinks } from './observe-links.ts';
import type { GuestPlan, LinkState } from './plan-links.ts';
import { NO_LINKS, planLinks } from './plan-links.ts';
import { desiredPorts } from './ports.ts';
import { renderChange, renderFull } from './render.ts';
import type { Ruleset } from './ruleset.ts';

/** The router's network namespace. */
export const FABRIC_NETNS = 'fabric';

/** The only part of the fabric that starts processes. */
export interface Applier {
  /**
   * Makes the kernel agree with the arguments, whatever an earlier failed call left. Not to be called while a call
   * runs. Throws `FABRIC-RULE` or `FABRIC-SNAPSHOT` (same again for the same input), or `FABRIC-APPLY`.
   */
  apply(
    snapshot: Pick<FabricSnapshot, 'enis' | 'securityGroups' | 'eips' | 'waysOut'>,
    instances: ReadonlyMap<string, string>,
    /** Instances that no packet comes from or reaches. */
    cut?: ReadonlySet<string>,
  ): Promise<void>;
}

const EXEC_TIMEOUT_MS = 10_000;

/** A router that answers ARP for whatever it can reach, and knows nothing of IPv6. New devices inherit `default`. */
const INIT = `
cd /proc/sys/net/ipv4
echo 1 > ip_forward
for file in conf/all/rp_filter conf/default/rp_filter conf/all/send_redirects conf/default/send_redirects; do echo 0 > $file; done
echo 1 > conf/default/proxy_arp
if [ -d ../ipv6 ]; then echo 1 > ../ipv6/conf/default/disable_ipv6; fi
ip link set lo up
`;

/** The delay of proxied ARP is not inherited, and is up to 0.8 s unless it is taken away from each port. */
const LINKS = `
ip -batch -
for port in "$@"; do echo 0 > /proc/sys/net/ipv4/neigh/$port/proxy_delay; done
`;

/** What cloud-init and the image of a CVM do. $1 is the device. */
const GUEST = `
cd /proc/sys/net/ipv4
echo 1 > ip_forward
for dev in all default "$1"; do echo 0 > conf/$dev/rp_filter; done
exec ip -batch -
`;

/** Of connections that a public address was translated by; there may be none. $@ are addresses. */
const FORGET = `
for address in "$@"; do
  conntrack -D --orig-dst "$address" || true
  conntrack -D --reply-dst "$address" || true
done >/dev/null 2>&1
`;

/**
 * Makes the router's namespace at the first `apply`, and the internet when the first EIP or NAT gateway leads there; `internet` is told its
 * namespace then.
 */
export function createApplier({
  host,
  logger,
  internet,
}: {
  readonly host: LabHost;
  readonly logger: Logger;
  readonly internet?: (netns: string) => Promise<void>;
}): Applier {
  let initialised = false;
  let edge = NO_EDGE;
  let connected = false;
  let links = NO_LINKS;
  /** Ports of unknown state after a failed change; undefined: `links` is what is there. */
  let suspects: ReadonlySet<string> | undefined;
  /** Undefined: unknown, so the whole table is loaded. */
  let loaded: Ruleset | undefined;
  let serial = 0;
  let loadedCut = '';

  const run = async (argv: readonly string[], options: ExecOptions): Promise<string> => {
    const result = await host.exec(argv, { timeoutMs: EXEC_TIMEOUT_MS, ...options });
    if (result.code === 0) return result.stdout;
    throw new TrunklineError(
      FABRIC_ERRORS.apply,
      `${argv[0]} in ${options.netns}: ${result.stderr.trim() || `code ${result.code}`}`,
    );
  };
  const shell = async (netns: string, script: string, args: readonly string[], stdin?: string): Promise<string> =>
    await run(['/bin/sh', '-euc', script, 'sh', ...args], stdin === undefined ? { netns } : { netns, stdin });

  const initialise = async (): Promise<void> => {
    await host.addNetns(FABRIC_NETNS);
    try {
      await shell(FABRIC_NETNS, INIT, []);
    } catch (error) {
      await host.deleteNetns(FABRIC_NETNS);
      throw error;
    }
    initialised = true;
  };

  const observe = async (expected: LinkState, unknown: ReadonlySet<string>): Promise<LinkState> => {
    const show = async (...words: string[]): Promise<string> =>
      await run(['ip', '-json', ...words], { netns: FABRIC_NETNS });
    const [veth, routes, loopback] = await Promise.all([
      show('link', 'show', 'type', 'veth'),
      show('route', 'show'),
      show('address', 'show', 'dev', 'lo'),
    ]);
    return observedLinks({ links: veth, routes, loopback }, expected, unknown);
  };

  /** An instance whose namespace went away without a word would fail every change of every other one. */
  const existing = async (instances: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> => {
    const names = (await run(['ls', '/run/netns'], {})).split('\n');
    const gone = [...instances].filter(([, netns]) => !names.includes(netns));
    for (const [instanceId, netns] of gone)
      logger.warn({ instanceId, netns }, 'instance without its namespace is left out');
    return new Map([...instances].filter(([, netns]) => names.includes(netns)));
  };

  const configure = async ({ netns, device, batch }: GuestPlan): Promise<void> => {
    await shell(netns, GUEST, [device], `${batch.join('\n')}\n`);
  };

  const applyLinks = async (desired: ReturnType<typeof desiredPorts>): Promise<void> => {
    const plan = planLinks(links, desired, () => serial++ % 100_000);
    try {
      if (plan.batch.length > 0) await shell(FABRIC_NETNS, LINKS, plan.newPorts, `${plan.batch.join('\n')}\n`);
      await Promise.all(plan.guests.map(configure));
    } catch (error) {
      suspects = plan.touched;
      throw error;
    }
    links = plan.next;
  };

  const applyRules = async (ruleset: Ruleset): Promise<void> => {
    const text = loaded === undefined ? renderFull(ruleset) : renderChange(loaded, ruleset);
    const before = loaded;
    if (text !== undefined) {
      loaded = undefined;
      await run(['nft', '-f', '-'], { netns: FABRIC_NETNS, stdin: text });
    }
    if (before?.notes.join() !== ruleset.notes.join()) {
      for (const note of ruleset.notes) logger.info({ note }, 'security group rule without effect');
    }
    loaded = ruleset;
  };

  const connectInternet = async (): Promise<void> => {
    await host.addNetns(INTERNET_NETNS);
    try {
      await run(['ip', '-batch', '-'], { netns: FABRIC_NETNS, stdin: `${INTERNET_LINK.join('\n')}\n` });
      await run(['ip', '-batch', '-'], { netns: INTERNET_NETNS, stdin: `${INTERNET_GUEST.join('\n')}\n` });
      await internet?.(INTERNET_NETNS);
    } catch (error) {
      // Its devices go with it.
      await host.deleteNetns(INTERNET_NETNS);
      throw error;
    }
    connected = true;
  };

  const applyEdge = async (wanted: Edge): Promise<void> => {
    if (!connected && !leadsOut(wanted)) return;
    const text = renderEdge(wanted);
    if (connected && text === renderEdge(edge)) return;
    // Rules first: without them addresses of the VPC would be seen outside.
    await run(['nft', '-f', '-'], { netns: FABRIC_NETNS, stdin: text });
    if (!connected) await connectInternet();
    const moved = movedAddresses(edge, wanted);
    if (moved.length > 0) await shell(FABRIC_NETNS, FORGET, moved);
    edge = wanted;
  };

  const applyCut = async (ports: readonly string[]): Promise<void> => {
    const wanted = ports.join();
    if (wanted === loadedCut) return;
    await run(['nft', '-f', '-'], { netns: FABRIC_NETNS, stdin: renderCut(ports) });
    loadedCut = wanted;
  };

  return {
    apply: async (snapshot, registered, cut = new Set()) => {
      if (!initialised) await initialise();
      let instances = registered;
      if (suspects !== undefined) {
        links = await observe(links, suspects);
        suspects = undefined;
        instances = await existing(registered);
      }
      const desired = desiredPorts(snapshot.enis, instances);
      const ruleset = compile(snapshot, new Map(desired.map((port) => [port.eniId, port.name])));
      // Side by side: a port without filters passes nothing, filters without a port do nothing.
      const results = await Promise.allSettled([
        applyLinks(desired),
        applyRules(ruleset)
          .then(() => applyCut(cutPorts(snapshot.enis, cut)))
          .then(() => applyEdge(edgeOf(snapshot))),
      ]);
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    },
  };
}
