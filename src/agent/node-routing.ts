// What the node's kernel owes to its Pods with strict routing, kept as long as one of them is there: the rule of `local`, and early demux by the keys.
import { type DemuxKeys, readDemuxKeys } from '../api/addon-values.ts';
import type { RoutingStatus } from '../api/node-eni-config.ts';
import type { Logger } from '../base/logger.ts';
import type { ConfigMap } from '../kube/resources.ts';
import { createEarlyDemux } from './early-demux.ts';
import type { Kernel } from './kernel.ts';
import { createLocalRule } from './local-rule.ts';
import type { WiredStore } from './wired-store.ts';

export interface NodeRouting {
  /**
   * Before a strict Pod is wired, after one was unwired, and at start: who is strict is asked of the store. Throws AGENT-KERNEL-REFUSED.
   */
  settle(): Promise<void>;
  /** Takes the add-on values, once they are known and after each change; undefined: there is no such ConfigMap. */
  configure(values: Pick<ConfigMap, 'data'> | undefined): Promise<void>;
  /** For nec.status.node; changes nothing. */
  observe(): Promise<RoutingStatus>;
  /** After what may change the answer of `observe`. */
  onChange(fn: () => void): () => void;
}

/** Devices by which the two are known (their own documentation): the IPVS proxy's, and that of the DNS cache of the node. */
const IPVS_DEVICE = 'kube-ipvs0';
const NODE_LOCAL_DNS_DEVICE = 'nodelocaldns';

/** `path`: file for the values of early demux that were found. */
export function createNodeRouting(deps: {
  readonly kernel: Pick<Kernel, 'rules' | 'ipBatch' | 'links' | 'sysctl' | 'setSysctl'>;
  readonly store: Pick<WiredStore, 'list'>;
  readonly path: string;
  readonly logger: Logger;
}): NodeRouting {
  const { kernel, logger } = deps;
  const local = createLocalRule(deps);
  const demux = createEarlyDemux(deps);
  const listeners = new Set<() => void>();
  /** Until the add-on values are known, what an earlier run of the agent left stays. */
  let keys: DemuxKeys | undefined;
  let told = '';
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time: two changes of the saved values would overwrite each other. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };
  const settle = async (): Promise<void> => {
    const state = await local.settle();
    if (keys !== undefined) await demux.settle(keys, state.strict);
    const now = JSON.stringify([state, keys]);
    if (now === told) return;
    told = now;
    for (const tell of listeners) tell();
  };
  return {
    settle: () => inTurn(settle),
    configure: (values) =>
      inTurn(async () => {
        const read = readDemuxKeys(values?.data, keys ?? { tcp: 'false', udp: 'false' });
        // ipamd tells people, with an Event on the ConfigMap.
        for (const problem of read.problems) logger.warn({ problem }, 'an add-on value is not used');
        keys = read.keys;
        await settle();
      }),
    observe: async () => {
      const [{ strict, problem }, demuxed, links] = await Promise.all([local.look(), demux.observe(), kernel.links()]);
      const has = (device: string): boolean => links.some(({ ifname }) => ifname === device);
      return {
        strict,
        ...(demuxed.tcp === undefined ? {} : { tcpEarlyDemux: demuxed.tcp }),
        ...(demuxed.udp === undefined ? {} : { udpEarlyDemux: demuxed.udp }),
        ipvs: has(IPVS_DEVICE),
        nodeLocalDNS: has(NODE_LOCAL_DNS_DEVICE),
        ...(problem === undefined ? {} : { message: problem }),
      };
    },
    onChange: (fn) => {
      const own = (): void => fn();
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}
