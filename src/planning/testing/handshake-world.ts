// Both sides of the handshake in one world, moved step by step in any order that a test chooses, with a watch on every address.
import { allocationOf } from '../../agent/address-book.ts';
import { createModelAgent, type ModelAgent } from './handshake-agent.ts';
import { createModelApi, createModelCloud } from './handshake-cloud.ts';
import { createModelIpamd, type ModelIpamd } from './handshake-ipamd.ts';
import type { HandshakeRules } from './handshake-rules.ts';

/** The ENIs of each node, and how many addresses there are: few, so that each is given out again at once. */
export interface WorldSize {
  readonly nodes: readonly (readonly string[])[];
  readonly subnet: readonly string[];
  /** Per node. Together they want no more than there is: a subnet that is dry is not what the model is about. */
  readonly mostWanted: readonly number[];
}
export const worldSizes: readonly WorldSize[] = [
  { nodes: [['a1']], subnet: ['x'], mostWanted: [1] },
  { nodes: [['a1']], subnet: ['x', 'y'], mostWanted: [2] },
  { nodes: [['a1', 'a2'], ['b1']], subnet: ['x', 'y', 'z'], mostWanted: [2, 1] },
];

const CAP = 3;
const PODS_PER_NODE = 3;
const OLDEST_VIEW = 16;

/** One step: which kind, and two numbers that choose among its possibilities. */
export type Step = readonly [kind: number, first: number, second: number];

export interface HandshakeWorld {
  /** Throws when an address is in two hands, or used where it is not. */
  step(step: Step): void;
  /** Lets both sides come to rest, and throws when something leaked or cannot be handed out. */
  rest(): void;
}

type Kind = readonly [weight: number, name: string, act: (first: number, second: number) => void];

interface Wired {
  readonly ip: string;
  readonly eni: string;
}

export function createHandshakeWorld(rules: HandshakeRules, size: WorldSize): HandshakeWorld {
  const { nodes, subnet, mostWanted } = size;
  const all = nodes.flat();
  const api = createModelApi(all);
  const cloud = createModelCloud(all, subnet);
  const agents = nodes.map((enis) => createModelAgent(enis, api, rules));
  const pods = new Set<string>();
  const wired = new Map<string, Wired>();
  const wanted = nodes.map(() => 1);
  let serial = 0;
  const startIpamd = (age: number): ModelIpamd =>
    createModelIpamd({ api, cloud, rules, cap: CAP, age, enis: all, onUnassign: watchUnassign });
  function watchUnassign(eni: string, ips: readonly string[]): void {
    for (const ip of ips) {
      const user = [...wired].find(([, has]) => has.ip === ip && has.eni === eni);
      if (user !== undefined) throw new Error(`${ip} is unassigned from ${eni} while ${user[0]} uses it`);
    }
  }
  let leader = startIpamd(0);
  let former: ModelIpamd | undefined;
  const agentOf = (pod: string): ModelAgent =>
    choose(
      agents,
      nodes.findIndex((enis) => pod.startsWith(enis[0] ?? '')),
    );
  const podsOf = (node: number): string[] => [...pods].filter((pod) => pod.startsWith(nodes[node]?.[0] ?? ''));

  function wire(pod: string): void {
    const has = allocationOf(agentOf(pod).disk(), pod);
    if (has === undefined || wired.has(pod)) return;
    const other = [...wired].find(([, entry]) => entry.ip === has.ip);
    if (other !== undefined) throw new Error(`${has.ip} is given to ${pod} while ${other[0]} uses it`);
    if (cloud.on(has.eni).get(has.ip) !== 'there')
      throw new Error(`${has.ip} is given to ${pod}, and is not on ${has.eni}`);
    wired.set(pod, has);
  }
  function free(pod: string): void {
    if (!pods.has(pod) && !wired.has(pod)) agentOf(pod).free(pod);
  }
  const allocated = (): string[] =>
    agents.flatMap((agent) => Object.values(agent.disk().allocations).map((holder) => holder.podUID));

  const agent = (a: number): ModelAgent => choose(agents, a);
  const eniOf = (a: number, b: number): string => choose(agent(a).enis, b);
  const latest = (eni: string): number => api.latest(eni).version;
  const plan = (process: ModelIpamd | undefined, a: number): void =>
    process?.run(choose(nodes, a), wanted[a % nodes.length] ?? 0);
  function syncAgent(one: ModelAgent): void {
    for (const eni of one.enis) {
      one.see(eni, latest(eni));
      one.answer(eni);
    }
    while (one.underWay() > 0) one.arrive(0, false);
  }
  function newLeader(age: number, formerStays: boolean): void {
    leader.depose();
    former = formerStays ? leader : former;
    leader = startIpamd(age);
  }
  function look(process: ModelIpamd, eni: string): void {
    process.beginLook(eni);
    process.endLook(eni);
  }
  function syncIpamd(enis: readonly string[]): void {
    for (const eni of enis) {
      leader.see(eni, latest(eni));
      look(leader, eni);
    }
  }
  const steps: readonly Kind[] = [
    // Whole stretches in which nothing goes wrong, so that histories get somewhere.
    [8, 'agent up to date', (a) => syncAgent(agent(a))],
    [8, 'ipamd up to date', (a) => syncIpamd(choose(nodes, a))],
    [
      8,
      'call and its end',
      (a) => {
        leader.call(choose(all, a), true);
        cloud.settle(choose(all, a));
      },
    ],
    [
      4,
      'Pod ends at once',
      (a) =>
        withOne([...pods], a, (pod) => {
          pods.delete(pod);
          wired.delete(pod);
          free(pod);
        }),
    ],
    // Single steps.
    [
      4,
      'Pod made',
      (a) => {
        const node = a % nodes.length;
        if (podsOf(node).length < PODS_PER_NODE) pods.add(`${nodes[node]?.[0]}/pod-${serial++}`);
      },
    ],
    [6, 'ADD', (a) => withOne([...pods], a, (pod) => agentOf(pod).add(pod))],
    [6, 'wired', (a) => withOne([...pods], a, wire)],
    [2, 'Pod deleted', (a) => withOne([...pods], a, (pod) => pods.delete(pod))],
    [
      2,
      'DEL',
      (a) =>
        withOne(
          [...wired.keys()].filter((pod) => !pods.has(pod)),
          a,
          (pod) => wired.delete(pod),
        ),
    ],
    [2, 'Pod gone', (a) => withOne(allocated(), a, free)],
    [2, 'agent sees', (a, b) => agent(a).see(eniOf(a, b), b >> 3)],
    [3, 'agent answers', (a, b) => agent(a).answer(eniOf(a, b))],
    [3, 'report arrives', (a, b) => agent(a).arrive(b, false)],
    [1, 'report lost', (a, b) => agent(a).arrive(b, true)],
    [2, 'agent restarts', (a, b) => agent(a).restart(b % OLDEST_VIEW)],
    [
      5,
      'demand',
      (a) => {
        wanted[a % nodes.length] = (a >> 2) % ((mostWanted[a % nodes.length] ?? 0) + 1);
      },
    ],
    [2, 'ipamd sees', (a, b) => leader.see(choose(all, a), b >> 2)],
    [4, 'ipamd looks', (a) => look(leader, choose(all, a))],
    [2, 'look begins', (a) => leader.beginLook(choose(all, a))],
    [2, 'look ends', (a) => leader.endLook(choose(all, a))],
    [12, 'plan', (a) => plan(leader, a)],
    [2, 'call without effect', (a) => leader.call(choose(all, a), false)],
    [2, 'call', (a) => leader.call(choose(all, a), true)],
    [2, 'task ends', (a) => cloud.settle(choose(all, a))],
    [1, 'another leader', (a, b) => newLeader(a % OLDEST_VIEW, b % 3 !== 0)],
    [
      1,
      'another leader that acts on old views',
      (a, b) => {
        newLeader(a % OLDEST_VIEW, false);
        const enis = choose(nodes, b);
        for (const eni of enis) look(leader, eni);
        plan(leader, b);
        for (const eni of enis) leader.call(eni, true);
      },
    ],
    [2, 'former leader sees', (a) => former?.see(choose(all, a), latest(choose(all, a)))],
    [3, 'former leader plans', (a) => plan(former, a)],
    [2, 'former leader calls', (a) => former?.call(choose(all, a), true)],
  ];
  const weighted = steps.flatMap((step) => Array.from({ length: step[0] }, () => step));

  /** One round in which everything that is on its way arrives; true when it changed nothing. */
  function calmRound(): boolean {
    const before = JSON.stringify([all.map((eni) => [api.latest(eni), [...cloud.on(eni)]])]);
    for (const pod of allocated()) free(pod);
    agents.forEach(syncAgent);
    syncIpamd(all);
    for (const [node, enis] of nodes.entries()) leader.run(enis, wanted[node] ?? 0);
    for (const eni of all) leader.call(eni, true);
    for (const eni of all) cloud.settle(eni);
    return before === JSON.stringify([all.map((eni) => [api.latest(eni), [...cloud.on(eni)]])]);
  }
  function calm(): void {
    // A call that was ready before may fill one round and change nothing.
    for (let round = 0, quiet = 0; round < 60; round += 1) {
      quiet = calmRound() ? quiet + 1 : 0;
      if (quiet === 2) return;
    }
    throw new Error('both sides never come to rest');
  }
  return {
    step: ([kind, first, second]) => {
      const [, , act] = choose(weighted, kind);
      act(first, second);
    },
    rest: () => {
      calm();
      for (const eni of all) {
        const { pool } = api.latest(eni);
        const there = [...cloud.on(eni).keys()].sort().join();
        const known = pool.addresses
          .map((address) => address.ip)
          .sort()
          .join();
        if (there !== known) throw new Error(`${eni} has ${there}, and its pool lists ${known}`);
        if (pool.release !== undefined) throw new Error(`${eni}: a request stands for ever`);
      }
      for (const agent of agents) {
        const listed = agent.enis.reduce((sum, eni) => sum + api.latest(eni).pool.addresses.length, 0);
        const free = listed - Object.keys(agent.disk().allocations).length;
        if (agent.servable() !== free)
          throw new Error(`${free} addresses are free, and ${agent.servable()} can be had`);
      }
      pods.clear();
      wired.clear();
      wanted.fill(0);
      calm();
      for (const eni of all)
        if (cloud.on(eni).size > 0) throw new Error(`${eni} keeps ${[...cloud.on(eni).keys()].join()}`);
      for (const agent of agents)
        if (Object.values(agent.disk().enis).some((entry) => entry.released.length > 0))
          throw new Error('an agent remembers what is over');
    },
  };
}

function choose<T>(from: readonly T[], number: number): T {
  const chosen = from[number % from.length];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}

function withOne(from: readonly string[], number: number, act: (one: string) => void): void {
  if (from.length > 0) act(choose(from, number));
}
