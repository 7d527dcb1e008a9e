// An agent of the static model: old views, a durable list of what is wired, a memory of what it told torn down, reports that come late or never.
import type { VpcIp } from '../../api/vpc-ip.ts';
import type { ModelVip, StaticApi } from './static-api.ts';
import type { StaticRules } from './static-rules.ts';

export interface StaticAgent {
  readonly node: string;
  /** Pods by UID with their address: what the kernel has. */
  readonly wired: ReadonlyMap<string, string>;
  /** The view of a kind moves on to a state. */
  see(kind: 'vips' | 'pods', state: number): void;
  /** The runtime asks for the network of a Pod, which the API may have forgotten. */
  add(podUid: string): void;
  del(podUid: string): void;
  /** Decides what to tell of an address, and sends it on its way. */
  report(ip: string): void;
  /** One of the reports on their way arrives, or gets lost. */
  arrive(number: number, lost: boolean): void;
  readonly underWay: () => number;
  /** Memory is lost, views are as new as the API. */
  restart(): void;
  /** The machine goes off: nothing of a Pod is left in the kernel. */
  powerOff(): void;
}

export interface StaticAgentOptions {
  readonly node: string;
  readonly enis: readonly string[];
  readonly api: StaticApi;
  readonly rules: StaticRules;
  /** Before a Pod is wired: throws when the address is in another hand. */
  readonly onWire: (podUid: string, ip: string, eni: string) => void;
}

export function createStaticAgent({ node, enis, api, rules, onWire }: StaticAgentOptions): StaticAgent {
  const wired = new Map<string, string>();
  const seen = { vips: 0, pods: 0 };
  let tornDown = new Set<string>();
  let reports: { readonly ip: string; readonly agent: NonNullable<ModelVip['agent']> }[] = [];
  const vips = (): ReadonlyMap<string, ModelVip> => api.at('vips', seen.vips);
  const knowsPod = (uid: string): boolean => [...api.at('pods', seen.pods).values()].some((pod) => pod.uid === uid);
  const serverHasPod = (uid: string): boolean => [...api.latest('pods').values()].some((pod) => pod.uid === uid);
  const see: StaticAgent['see'] = (kind, state) => {
    const before = vips();
    seen[kind] = Math.min(api.now(kind), Math.max(seen[kind], state));
    if (kind !== 'vips') return;
    for (const [ip, { podUid }] of before)
      if (podUid !== undefined && vips().get(ip)?.podUid !== podUid) tornDown.delete(podUid);
  };
  const send = (ip: string, vip: ModelVip, agent: NonNullable<ModelVip['agent']>): void => {
    if (vip.agent?.state !== agent.state || vip.agent.podUID !== agent.podUID) reports.push({ ip, agent });
  };
  return {
    node,
    wired,
    see,
    add: (podUid) => {
      if (wired.has(podUid) || !(knowsPod(podUid) || serverHasPod(podUid))) return;
      if (rules.remembersTornDown && tornDown.has(podUid)) return;
      const view = {
        nodeName: node,
        ips: [...vips()].flatMap(([ip, vip]) => (vip.node === node ? [vipObject(ip, vip)] : [])),
        plugged: new Set(enis),
        wired: [...wired].map(([uid, ip]) => ({ ip, podUid: uid, pod: uid })),
      };
      const offer = rules.offer(view, podUid);
      if (offer.kind !== 'use') return;
      onWire(podUid, offer.ip, offer.eniID);
      wired.set(podUid, offer.ip);
    },
    del: (podUid) => void wired.delete(podUid),
    report: (ip) => {
      const vip = vips().get(ip);
      const uid = vip?.podUid;
      if (vip === undefined || uid === undefined || vip.node !== node) return;
      if (vip.agent?.state === 'TornDown' && vip.agent.podUID === uid) return void tornDown.add(uid);
      if (wired.has(uid)) return send(ip, vip, { state: 'Wired', podUID: uid });
      if (knowsPod(uid) || (rules.asksServer && serverHasPod(uid))) return;
      tornDown.add(uid);
      send(ip, vip, { state: 'TornDown', podUID: uid });
    },
    arrive: (number, lost) => {
      const [report] = reports.splice(number % Math.max(1, reports.length), 1);
      // The fence lets an agent tell only of its own node's.
      if (report === undefined || lost || api.latest('vips').get(report.ip)?.node !== node) return;
      api.write('vips', report.ip, (vip) => (vip === undefined ? undefined : { ...vip, agent: report.agent }));
    },
    underWay: () => reports.length,
    restart: () => {
      tornDown = new Set();
      reports = [];
      see('vips', api.now('vips'));
      see('pods', api.now('pods'));
    },
    powerOff: () => {
      wired.clear();
      reports = [];
    },
  };
}

/** As the agent's cache has it. */
const vipObject = (ip: string, vip: ModelVip): VpcIp => ({
  apiVersion: 'networking.tke.cloud.tencent.com/v1',
  kind: 'VpcIP',
  metadata: { name: ip, uid: ip },
  spec: { type: 'Pod', subnetID: 's' },
  status: {
    ...(vip.phase === undefined ? {} : { phase: vip.phase }),
    ...(vip.eni === undefined ? {} : { eniID: vip.eni }),
    ...(vip.node === undefined ? {} : { nodeName: vip.node }),
    ...(vip.podUid === undefined ? {} : { podUID: vip.podUid }),
    ...(vip.agent === undefined ? {} : { agent: { ...vip.agent, observedAt: '' } }),
  },
});
