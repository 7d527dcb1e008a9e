// What earlier answers have named, living or gone by now, and how random numbers choose among it.
import { z } from 'zod';

/**
 * Ids and addresses that answers have named, oldest first, by what stands before the dash; `ip` and `public` for addresses, `place`
 * for an ENI and its address, `secondary` when it is not primary, `sub` for a sub-ENI,
 * `trunk` for what the world began with.
 */
export interface Known {
  readonly byKind: Map<string, string[]>;
}

const IDS = /\b(vpc|subnet|sg|eni|ins|eip|rtb|nat|ipm|ipmg)-[0-9a-z]{8}\b/g;
const PRIVATE = /\b10\.\d+\.\d+\.\d+\b(?!\/)/g;
const PUBLIC = /\b(?:203\.0\.113|198\.51\.100)\.\d+\b/g;
/** What a pick falls on when nothing of the kind was ever named, and now and then anyway. */
const NOBODY: Readonly<Record<string, string>> = {
  ip: '10.0.1.77',
  public: '203.0.113.99',
  trunk: 'eni-aaaaaaaa',
  sub: 'eni-aaaaaaaa',
  place: 'eni-aaaaaaaa/10.0.1.77',
  secondary: 'eni-aaaaaaaa/10.0.1.77',
};
const STRANGER_IN = 12;
const NEWEST = 5;

/** Learns what an answer names; what is named again counts as the newest. */
export function learn({ byKind }: Known, answer: string): void {
  const add = (kind: string, name: string): void => {
    const names = (byKind.get(kind) ?? []).filter((known) => known !== name);
    names.push(name);
    byKind.set(kind, names);
  };
  for (const [id, kind = ''] of answer.matchAll(IDS)) add(kind, id);
  for (const [ip] of answer.matchAll(PRIVATE)) add('ip', ip);
  for (const [ip] of answer.matchAll(PUBLIC)) add('public', ip);
  for (const { NetworkInterfaceId, PrivateIpAddressSet, TrunkNetworkInterfaceId } of enisIn(answer)) {
    if (TrunkNetworkInterfaceId !== undefined) add('sub', NetworkInterfaceId);
    for (const { PrivateIpAddress, Primary } of PrivateIpAddressSet)
      for (const kind of Primary ? ['place'] : ['place', 'secondary'])
        add(kind, `${NetworkInterfaceId}/${PrivateIpAddress}`);
  }
}

const eniShape = z.object({
  NetworkInterfaceId: z.string(),
  PrivateIpAddressSet: z.array(z.object({ PrivateIpAddress: z.string(), Primary: z.boolean() })),
  TrunkNetworkInterfaceId: z.string().optional(),
});
const eniAnswers = z.object({
  Response: z.object({
    NetworkInterface: eniShape.optional().catch(undefined),
    NetworkInterfaceSet: z.array(eniShape).catch([]),
  }),
});

function enisIn(answer: string): readonly z.output<typeof eniShape>[] {
  if (!answer.includes('"PrivateIpAddressSet"')) return [];
  const { NetworkInterface: one, NetworkInterfaceSet: many } = eniAnswers.parse(JSON.parse(answer)).Response;
  return one === undefined ? many : [one, ...many];
}

/** Numbers from which a call chooses; each is used up once. */
export interface Chooser {
  /** A name of the kind; mostly one of the newest. */
  readonly id: (kind: string) => string;
  readonly number: (below: number) => number;
  readonly one: <T>(of: readonly [T, ...T[]]) => T;
  /** True in one of `outOf` cases. */
  readonly rarely: (outOf: number) => boolean;
}

/** The numbers are used in order, from the first again when they are used up. */
export function chooser(known: Known, picks: readonly number[]): Chooser {
  let at = 0;
  const number = (below: number): number => {
    const pick = picks[at % picks.length] ?? 0;
    at += 1;
    return pick % below;
  };
  return {
    number,
    one: (of) => of[number(of.length)] ?? of[0],
    rarely: (outOf) => number(outOf) === 0,
    id: (kind) => {
      const names = known.byKind.get(kind) ?? [];
      const stranger = NOBODY[kind] ?? `${kind}-aaaaaaaa`;
      if (number(STRANGER_IN) === 0) return stranger;
      return names[names.length - 1 - number(Math.max(1, Math.min(names.length, NEWEST)))] ?? stranger;
    },
  };
}
