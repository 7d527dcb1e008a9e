// Agents, ipamd, API and cloud of static addresses in one world, moved step by step in any order that a test chooses, with a watch on every address.
import { createStaticAgent, type StaticAgent } from './static-agent.ts';
import { createStaticApi, kindNames } from './static-api.ts';
import { createStaticCloud } from './static-cloud.ts';
import { createStaticIpamd, type StaticIpamd } from './static-ipamd.ts';
import type { StaticRules } from './static-rules.ts';

/** The ENIs of each node, and the addresses: some more than Pods, since a subnet in which only kept ones are free is not what the model is about. */
export interface StaticSize {
  readonly nodes: Readonly<Record<string, readonly string[]>>;
  readonly subnet: readonly string[];
}
export const staticSizes: readonly StaticSize[] = [
  { nodes: { A: ['a1'] }, subnet: ['w', 'x', 'y', 'z'] },
  { nodes: { A: ['a1'], B: ['b1'] }, subnet: ['w', 'x', 'y', 'z'] },
  { nodes: { A: ['a1', 'a2'], B: ['b1'] }, subnet: ['v', 'w', 'x', 'y', 'z'] },
];

/** The Pods of the first name keep their address, those of the other do not. */
const NAMES = ['kept-0', 'plain-0'] as const;
const CAP = 2;
const OLDEST_VIEW = 12;

/** One step: which kind, and two numbers that choose among its possibilities. */
export type Step = readonly [kind: number, first: number, second: number];

export interface StaticWorld {
  /** Throws when an address is in two hands, or taken from under a Pod. */
  step(step: Step): void;
  /** Lets everything come to rest; throws when a Pod is not served, a kept address is lost, or something leaks. */
  rest(): void;
}

export function createStaticWorld(rules: StaticRules, size: StaticSize): StaticWorld {
  const nodes = new Map(Object.entries(size.nodes));
  const nodeNames = [...nodes.keys()];
  const enis = [...nodes.values()].flat();
  const api = createStaticApi();
  const cloud = createStaticCloud(enis, size.subnet);
  const down = new Set<string>();
  /** Pods that the kubelet of a node ever heard of. */
  const heard = new Map(nodeNames.map((node) => [node, [] as string[]]));
  let serial = 0;

  const agents: readonly StaticAgent[] = nodeNames.map((node) =>
    createStaticAgent({ node, enis: nodes.get(node) ?? [], api, rules, onWire: watchWire }),
  );
  function watchWire(uid: string, ip: string, eni: string): void {
    for (const agent of agents)
      for (const [other, has] of agent.wired)
        if (has === ip && other !== uid)
          throw new Error(`${ip} is wired to ${uid} while ${other} on ${agent.node} has it`);
    if (cloud.on(eni).get(ip) !== 'there') throw new Error(`${ip} is wired to ${uid}, and is not on ${eni}`);
  }
  function watchUnassign(eni: string, ips: readonly string[]): void {
    const agent = agents.find(({ node }) => nodes.get(node)?.includes(eni) === true);
    for (const [uid, ip] of agent?.wired ?? [])
      if (ips.includes(ip)) throw new Error(`${ip} is unassigned from ${eni} while ${uid} uses it`);
  }
  const startIpamd = (age: number): StaticIpamd =>
    createStaticIpamd({
      api,
      cloud,
      rules,
      nodes,
      cap: CAP,
      age,
      keeps: (name) => name === NAMES[0],
      isDown: (node) => down.has(node),
      onUnassign: watchUnassign,
    });
  let leader = startIpamd(0);
  let former: StaticIpamd | undefined;

  const callAndEnd = (eni: string): void => {
    leader.call(eni, true);
    cloud.settle(eni);
  };
  const powerOff = (agent: StaticAgent): void => {
    down.add(agent.node);
    agent.powerOff();
  };
  const powerOn = (agent: StaticAgent): void => {
    if (down.delete(agent.node)) agent.restart();
  };
  const changeClaim = (name: string, change: { readonly deleted?: boolean; readonly expires?: boolean }): void =>
    void api.write('claims', name, (claim) => (claim === undefined ? undefined : { ...claim, ...change }));
  const podOf = (name: string) => api.latest('pods').get(name);
  const createPod = (name: string, node: string): void => {
    if (podOf(name) !== undefined) return;
    const uid = `${name}/${serial++}`;
    api.write('pods', name, () => ({ uid, node }));
    heard.get(node)?.push(uid);
  };
  const deletePod = (name: string): void => void api.write('pods', name, () => undefined);
  const up = (number: number): StaticAgent | undefined => {
    const agent = choose(agents, number);
    return down.has(agent.node) ? undefined : agent;
  };
  const ips = (): readonly string[] => [...api.latest('vips').keys()];
  const look = (ipamd: StaticIpamd, eni: string): void => {
    ipamd.beginLook(eni);
    ipamd.endLook(eni);
  };
  const seeAll = (ipamd: StaticIpamd): void => {
    for (const kind of kindNames) ipamd.see(kind, api.now(kind));
  };
  const newLeader = (age: number, formerStays: boolean): void => {
    if (rules.fenced) leader.depose();
    former = formerStays ? leader : former;
    leader = startIpamd(age);
  };
  const reconcileAll = (ipamd: StaticIpamd): void => {
    for (const name of NAMES) ipamd.claim(name);
    for (const ip of ips()) ipamd.collect(ip);
    for (const eni of enis) look(ipamd, eni);
    for (const node of nodeNames) ipamd.run(node);
  };
  const agentRound = (agent: StaticAgent): void => {
    agent.see('vips', api.now('vips'));
    agent.see('pods', api.now('pods'));
    for (const ip of ips()) agent.report(ip);
    while (agent.underWay() > 0) agent.arrive(0, false);
  };

  type Act = (first: number, second: number) => void;
  const steps: readonly (readonly [weight: number, name: string, act: Act])[] = [
    // Whole stretches in which nothing goes wrong, so that histories get somewhere.
    [8, 'agent up to date', (a) => withSome(up(a), agentRound)],
    [8, 'ipamd up to date', () => seeAll(leader)],
    [8, 'ipamd reconciles', () => reconcileAll(leader)],
    [8, 'call and its end', (a) => callAndEnd(choose(enis, a))],
    // Single steps.
    [5, 'Pod made', (a, b) => createPod(choose(NAMES, a), choose(nodeNames, b))],
    [3, 'Pod deleted', (a) => deletePod(choose(NAMES, a))],
    [6, 'ADD', (a, b) => withSome(up(a), (agent) => withOne(heard.get(agent.node) ?? [], b, (uid) => agent.add(uid)))],
    [3, 'DEL', (a, b) => withSome(up(a), (agent) => withOne([...agent.wired.keys()], b, (uid) => agent.del(uid)))],
    [2, 'agent sees VpcIPs', (a, b) => withSome(up(a), (agent) => agent.see('vips', b))],
    [2, 'agent sees Pods', (a, b) => withSome(up(a), (agent) => agent.see('pods', b))],
    [3, 'agent reports', (a, b) => withSome(up(a), (agent) => withOne(ips(), b, (ip) => agent.report(ip)))],
    [3, 'report arrives', (a, b) => choose(agents, a).arrive(b, false)],
    [1, 'report lost', (a, b) => choose(agents, a).arrive(b, true)],
    [1, 'agent restarts', (a) => withSome(up(a), (agent) => agent.restart())],
    [1, 'machine off', (a) => powerOff(choose(agents, a))],
    [2, 'machine on', (a) => powerOn(choose(agents, a))],
    [1, 'claim deleted', (a) => changeClaim(choose(NAMES, a), { deleted: true })],
    [1, 'claim may expire', () => changeClaim(NAMES[0], { expires: true })],
    [2, 'ipamd sees', (a, b) => leader.see(choose(kindNames, a), b)],
    [3, 'claim reconciled', (a) => leader.claim(choose(NAMES, a))],
    [2, 'VpcIP collected', (a) => withOne(ips(), a, (ip) => leader.collect(ip))],
    [3, 'ipamd looks', (a) => look(leader, choose(enis, a))],
    [2, 'look begins', (a) => leader.beginLook(choose(enis, a))],
    [2, 'look ends', (a) => leader.endLook(choose(enis, a))],
    [6, 'node reconciled', (a) => leader.run(choose(nodeNames, a))],
    [2, 'call without effect', (a) => leader.call(choose(enis, a), false)],
    [2, 'call', (a) => leader.call(choose(enis, a), true)],
    [2, 'task ends', (a) => cloud.settle(choose(enis, a))],
    [1, 'another leader', (a, b) => newLeader(a % OLDEST_VIEW, b % 3 !== 0)],
    [
      1,
      'another leader that acts on old views',
      (a) => {
        newLeader(a % OLDEST_VIEW, false);
        reconcileAll(leader);
        for (const eni of enis) leader.call(eni, true);
      },
    ],
    [2, 'former leader reconciles a claim', (a) => former?.claim(choose(NAMES, a))],
    [3, 'former leader reconciles a node', (a) => former?.run(choose(nodeNames, a))],
    [2, 'former leader calls', (a) => former?.call(choose(enis, a), true)],
  ];
  const weighted = steps.flatMap((step) => Array.from({ length: step[0] }, () => step));

  const state = (): string =>
    JSON.stringify([
      kindNames.map((kind) => [...api.latest(kind)]),
      enis.map((eni) => [...cloud.on(eni)]),
      agents.map(({ wired }) => [...wired]),
    ]);
  /** One round in which everything that is on its way arrives; true when it changed nothing. */
  function calmRound(): boolean {
    const before = state();
    for (const agent of agents) {
      const alive = new Set([...api.latest('pods').values()].map(({ uid }) => uid));
      for (const uid of agent.wired.keys()) if (!alive.has(uid)) agent.del(uid);
      agentRound(agent);
      for (const { uid, node } of api.latest('pods').values()) if (node === agent.node) agent.add(uid);
      agentRound(agent);
    }
    seeAll(leader);
    reconcileAll(leader);
    for (const eni of enis) {
      leader.call(eni, true);
      cloud.settle(eni);
    }
    return before === state();
  }
  function calm(): void {
    // A call that was ready before may fill one round and change nothing.
    for (let round = 0, quiet = 0; round < 90; round += 1) {
      quiet = calmRound() ? quiet + 1 : 0;
      if (quiet === 3) return;
    }
    throw new Error(`it never comes to rest: ${state()}`);
  }
  const addressOf = (uid: string): string | undefined => agents.flatMap(({ wired }) => wired.get(uid) ?? [])[0];
  function served(): void {
    for (const { uid, node } of api.latest('pods').values()) {
      // A claim that was deleted while its address was on its way may cost its Pod a second one for as long as it lives.
      const isFull = (nodes.get(node) ?? []).every((eni) => cloud.on(eni).size === CAP);
      if (!isFull && addressOf(uid) === undefined) throw new Error(`${uid} on ${node} is never served: ${state()}`);
    }
  }
  return {
    step: ([kind, first, second]) => {
      const [, , act] = choose(weighted, kind);
      act(first, second);
    },
    rest: () => {
      for (const agent of agents) if (down.delete(agent.node)) agent.restart();
      calm();
      served();
      createPod(NAMES[0], choose(nodeNames, 0));
      calm();
      served();
      const first = podOf(NAMES[0])?.uid ?? '';
      const before = addressOf(first);
      const has = [...api.latest('vips').values()].filter(({ podUid }) => podUid === first).length;
      changeClaim(NAMES[0], { expires: false });
      deletePod(NAMES[0]);
      calm();
      createPod(NAMES[0], choose(nodeNames, nodeNames.length - 1));
      calm();
      served();
      const after = addressOf(podOf(NAMES[0])?.uid ?? '');
      // On a full node it may have waited beside one that its deleted claim still has: none is the one that it kept.
      if (has === 1 && before !== undefined && after !== undefined && after !== before)
        throw new Error(`the kept address was ${before}, and is ${after}`);
      for (const name of NAMES) deletePod(name);
      calm();
      changeClaim(NAMES[0], { expires: true });
      calm();
      const left = [...enis.flatMap((eni) => [...cloud.on(eni).keys()]), ...ips(), ...api.latest('claims').keys()];
      if (left.length > 0) throw new Error(`left over: ${left.join(' ')}; ${state()}`);
    },
  };
}

function choose<T>(from: readonly T[], number: number): T {
  const chosen = from[number % from.length];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}

function withOne<T>(from: readonly T[], number: number, act: (one: T) => void): void {
  if (from.length > 0) act(choose(from, number));
}

function withSome<T>(some: T | undefined, act: (one: T) => void): void {
  if (some !== undefined) act(some);
}
