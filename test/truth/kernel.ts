// The places in a real kernel: fabric, namespaces, Pods wired by the agent's own plans, and the rules of ip-masq-agent on the nodes.
import { z } from 'zod';
import type { FabricSnapshot } from '../../lab/cloud/read-model.ts';
import { createFabric } from '../../lab/fabric/fabric.ts';
import { INTERNET_NETNS } from '../../lab/fabric/internet.ts';
import type { LabHost } from '../../lab/host/types.ts';
import { linkByMac } from '../../src/agent/link-driver.ts';
import { planLocalRule } from '../../src/agent/plan-local-rule.ts';
import { planUnwire, planWire, tableRoutes } from '../../src/agent/plan-wire.ts';
import { eniTable, isStrict, type Wiring } from '../../src/agent/wiring.ts';
import type { EnforcingMode } from '../../src/api/vpc-eni.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MARK_RULE, renderWhole, rulesetOf } from '../../src/masquerade/ruleset.ts';
import { defaultMasqConfig, type MasqConfig } from '../../src/planning/masq-config.ts';
import { enisOf, nodes, places, pods, wiringOf } from './topology.ts';

/** What of a world packets obey, apart from where its places are. */
export interface KernelState {
  readonly snapshot: Omit<FabricSnapshot, 'version' | 'enis'> & {
    /** Groups in order, by ENI id. */
    readonly bindings: ReadonlyMap<string, readonly string[]>;
  };
  /** By name of the Pod; a Pod that shares an ENI has none. */
  readonly modes: ReadonlyMap<string, EnforcingMode>;
  /** Of both nodes. */
  readonly earlyDemux: { readonly tcp: boolean; readonly udp: boolean };
  readonly masq: Pick<MasqConfig, 'nonMasqueradeCIDRs' | 'nonMasqueradeSrcCIDRs'>;
}

export interface KernelWorld {
  /** Resolves when packets obey. Not to be called while a call runs. */
  apply(state: KernelState): Promise<void>;
  close(): Promise<void>;
}

const linksSchema = z.array(
  z.object({ ifname: z.string(), address: z.string().optional(), flags: z.array(z.string()) }),
);

/** What the agent and the add-on's preparation set on a node with strict Pods (facts: data-plane, section 3). */
const NODE_SYSCTLS = `
cd /proc/sys/net/ipv4
echo 1 > ip_forward
for dev in all default eth0 eth1; do echo 0 > conf/$dev/rp_filter; done
`;
const EARLY_DEMUX = 'cd /proc/sys/net/ipv4; echo "$1" > tcp_early_demux; echo "$2" > udp_early_demux';
const UNFILTERED = 'for dev in "$@"; do echo 0 > /proc/sys/net/ipv4/conf/$dev/rp_filter; done';

/** Makes every namespace but the fabric's own, and the way to the internet, which is there from then on. */
export async function createKernelWorld(host: LabHost, first: KernelState): Promise<KernelWorld> {
  const fabric = createFabric({ host, clock: systemClock, logger: silentLogger });
  const wired = new Map<string, Wiring>();
  const masqueraded = new Map<string, string>();
  let version = 0;

  const run = async (netns: string, argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await host.exec(argv, { netns, ...(stdin === undefined ? {} : { stdin }) });
    if (result.code !== 0) throw new Error(`${argv.join(' ')} in ${netns}: ${result.stderr}`);
    return result.stdout;
  };
  const batch = async (netns: string, lines: readonly string[], ...flags: string[]): Promise<void> => {
    if (lines.length > 0) await run(netns, ['ip', ...flags, '-batch', '-'], `${lines.join('\n')}\n`);
  };

  const prepareNode = async (node: string): Promise<void> => {
    await run(node, ['sh', '-euc', NODE_SYSCTLS]);
    const links = linksSchema.parse(JSON.parse(await run(node, ['ip', '-json', 'link'])));
    const renamed = pods.flatMap((pod) => {
      const wiring = wiringOf(pod, 'standard');
      const found = linkByMac(links, wiring.eniMac);
      if (pod.node !== node || wiring.kind === 'shared' || found === undefined) return [];
      return [`link set ${found.ifname} name ${wiring.link}`, `link set ${wiring.link} up`];
    });
    await batch(node, [
      'link set eth1 up',
      ...tableRoutes(eniTable(1), '10.0.1.254', 'eth1'),
      ...renamed,
      `rule add pref ${MARK_RULE.priority} fwmark ${MARK_RULE.mark}/${MARK_RULE.mark} lookup ${MARK_RULE.table}`,
    ]);
  };

  const wireNode = async (node: string, modes: KernelState['modes']): Promise<void> => {
    const wanted = pods
      .filter((pod) => pod.node === node)
      .map((pod) => ({ pod, wiring: wiringOf(pod, modes.get(pod.name) ?? 'standard') }));
    const changed = wanted.filter(({ pod, wiring }) => {
      const before = wired.get(pod.name);
      return before === undefined || isStrict(before) !== isStrict(wiring);
    });
    const gone = changed.flatMap(({ pod }) => wired.get(pod.name) ?? []);
    await batch(node, gone.flatMap(planUnwire), '-force');
    const plans = changed.map(({ pod, wiring }) => ({ pod, plan: planWire(wiring) }));
    await batch(
      node,
      plans.flatMap(({ plan }) => plan.node),
    );
    await Promise.all(plans.map(({ pod, plan }) => batch(pod.name, plan.pod)));
    if (plans.length > 0)
      await run(node, ['sh', '-euc', UNFILTERED, 'sh', ...plans.flatMap(({ plan }) => plan.unfiltered)]);
    for (const { pod, wiring } of changed) wired.set(pod.name, wiring);
    await settleLocalRule(
      node,
      wanted.some(({ wiring }) => isStrict(wiring)),
    );
  };

  const local = new Map<string, number>(nodes.map((node) => [node, 0]));
  const settleLocalRule = async (node: string, strict: boolean): Promise<void> => {
    await batch(node, planLocalRule([local.get(node) ?? 0], strict, undefined).lines);
    local.set(node, strict ? 20 : 0);
  };

  const masquerade = async (node: string, masq: KernelState['masq']): Promise<void> => {
    const text = renderWhole(rulesetOf({ ...defaultMasqConfig, ...masq }), ['tke*']);
    if (masqueraded.get(node) !== text) await run(node, ['nft', '-f', '-'], text);
    masqueraded.set(node, text);
  };

  const changeFabric = async ({ snapshot }: KernelState): Promise<void> => {
    version += 1;
    fabric.changed({ version, ...snapshot, enis: enisOf(snapshot.bindings) });
    await fabric.settled(version);
  };
  const apply = async (state: KernelState): Promise<void> => {
    await Promise.all([
      changeFabric(state),
      ...nodes.map(async (node) => {
        await wireNode(node, state.modes);
        await masquerade(node, state.masq);
        const { tcp, udp } = state.earlyDemux;
        await run(node, ['sh', '-euc', EARLY_DEMUX, 'sh', tcp ? '1' : '0', udp ? '1' : '0']);
      }),
    ]);
  };

  const own = places.filter(({ kind }) => kind !== 'internet').map(({ name }) => name);
  await Promise.all(own.map((name) => host.addNetns(name)));
  await Promise.all(
    places
      .filter(({ kind }) => kind === 'node' || kind === 'machine')
      .map(({ name }) => fabric.registerInstance(`ins-${name}`, { netns: name })),
  );
  await changeFabric(first);
  await run(INTERNET_NETNS, ['true']);
  await Promise.all(nodes.map(prepareNode));
  await apply(first);
  return { apply, close: () => fabric.close() };
}
