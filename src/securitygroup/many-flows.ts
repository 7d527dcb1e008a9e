// Who may open a connection to whom on one port, for all pairs of workloads at once.
import { classesOf, type Classes, type Party } from './classes.ts';
import type { GroupIndex } from './indexed-groups.ts';
import { isAbout } from './intervals.ts';
import type { Direction, Protocol } from './rule.ts';

export type { Party } from './classes.ts';

/** Pairs of parties: `open` of `of` may connect. A party and itself are no pair, nor are IPv4 and IPv6. */
export interface PairCount {
  readonly open: number;
  readonly of: number;
}

/** What the groups of both sides decide; nothing is known here of Pods that never leave their node. */
export interface PairMatrix {
  /** In order of first appearance. */
  readonly workloads: readonly string[];
  /** Nothing of nothing for a workload that it does not have. */
  flows(from: string, to: string): PairCount;
  /** `none`, also where there is no pair. */
  open(from: string, to: string): 'all' | 'some' | 'none';
}

export interface PortQuestion {
  readonly protocol: Protocol;
  /** Absent for protocols without ports. */
  readonly port?: number;
}

/** Throws RangeError when a party has a group that is not in the index. */
export function allPairs(index: GroupIndex, parties: readonly Party[], question: PortQuestion): PairMatrix {
  const classes = classesOf(parties);
  const { egress, ingress, selves } = countOpen(index, classes, question);
  const placesOf = new Map<string, number[]>();
  for (const [place, { workload }] of classes.classes.entries())
    placesOf.set(workload, [...(placesOf.get(workload) ?? []), place]);
  const width = classes.classes.length;

  const flows = (from: string, to: string): PairCount => {
    let [open, of] = [0, 0];
    for (const sender of placesOf.get(from) ?? [])
      for (const receiver of placesOf.get(to) ?? []) {
        const [a, b] = [classes.classes[sender], classes.classes[receiver]];
        if (a === undefined || b === undefined || a.family !== b.family) continue;
        // What a sender's groups say hangs on the receiver alone, and the other way round: so the numbers multiply.
        const out = egress[a.list * width + receiver] ?? 0;
        const into = ingress[b.list * width + sender] ?? 0;
        open += out * into - (sender === receiver ? (selves[sender] ?? 0) : 0);
        of += a.size * b.size - (sender === receiver ? a.size : 0);
      }
    return { open, of };
  };
  return {
    workloads: [...new Set(parties.map(({ workload }) => workload))],
    flows,
    open: (from, to) => {
      const { open, of } = flows(from, to);
      return open === 0 ? 'none' : open === of ? 'all' : 'some';
    },
  };
}

interface OpenCounts {
  /** Parties of a class that a list of groups accepts as peers: at the place of the list times the number of classes, plus that of the class. */
  readonly egress: Uint32Array;
  readonly ingress: Uint32Array;
  /** Parties of each class that could connect to themselves. */
  readonly selves: Uint32Array;
}

/** One list after the other, so that never more than the verdicts of one are in memory. */
function countOpen(index: GroupIndex, classes: Classes, question: PortQuestion): OpenCounts {
  const { lists, classOf, keys } = classes;
  const width = classes.classes.length;
  const egress = new Uint32Array(lists.length * width);
  const ingress = new Uint32Array(lists.length * width);
  const selves = new Uint32Array(width);
  const ask = verdictsOf(index, classes, question);
  for (const [list, groups] of lists.entries()) {
    const out = ask(groups, 'egress');
    const into = ask(groups, 'ingress');
    const base = list * width;
    for (let place = 0; place < keys.length; place += 1) {
      const own = classOf[place] ?? 0;
      const [isOut, isIn] = [out[place] ?? 0, into[place] ?? 0];
      egress[base + own] = (egress[base + own] ?? 0) + isOut;
      ingress[base + own] = (ingress[base + own] ?? 0) + isIn;
      if (classes.classes[own]?.list === list) selves[own] = (selves[own] ?? 0) + (isOut & isIn);
    }
  }
  return { egress, ingress, selves };
}

/** Says for a list of groups: 1 at the place of each party that it accepts as a peer, else 0. Until it is asked again about the same direction. */
function verdictsOf(
  index: GroupIndex,
  classes: Classes,
  { protocol, port }: PortQuestion,
): (groups: readonly string[], direction: Direction) => Uint8Array {
  const { keys } = classes;
  const membersOf = new Map<string, Uint32Array>();
  const placesOfMembers = (groupId: string): Uint32Array => {
    const known = membersOf.get(groupId);
    if (known !== undefined) return known;
    const found = Uint32Array.from(keys.flatMap((key, place) => (index.isMember(groupId, key) ? [place] : [])));
    membersOf.set(groupId, found);
    return found;
  };
  const answers = { egress: new Uint8Array(keys.length), ingress: new Uint8Array(keys.length) };
  const decided = new Uint8Array(keys.length);
  return (list, direction) => {
    const verdicts = answers[direction].fill(list.length === 0 ? 1 : 0);
    if (list.length === 0) return verdicts;
    decided.fill(0);
    let left = keys.length;
    const decide = (place: number, verdict: number): void => {
      if (decided[place] === 1) return;
      decided[place] = 1;
      verdicts[place] = verdict;
      left -= 1;
    };
    const groups = list.map((groupId) => index.intervals(groupId));
    for (const rule of groups.flatMap((group) => group[direction])) {
      if (left === 0) break;
      if (!isAbout(rule, protocol, port)) continue;
      const verdict = rule.rule.action === 'ACCEPT' ? 1 : 0;
      if (rule.peer.kind === 'group') for (const place of placesOfMembers(rule.peer.groupId)) decide(place, verdict);
      else {
        const [from, to] = classes.within(rule.peer);
        for (let place = from; place < to; place += 1) decide(place, verdict);
      }
    }
    return verdicts;
  };
}
