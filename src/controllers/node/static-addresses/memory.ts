// What only this process knows of static addresses: which ones the cloud refused lately, and where it gave kept ones; never a source of truth.

/** New addresses of a subnet are asked for by name for so long after the cloud gave one that is kept. */
const NAMING_MS = 600_000;

/** Of one subnet. */
export interface Naming {
  /** What the cloud gave last and is kept. */
  readonly given: string;
  /** Asked for by name, whatever the answer. */
  readonly tried: Set<string>;
  /** In a row. */
  refusals: number;
}

export interface StaticMemory {
  /** Not asked for before this, and then alone. */
  refuse(ip: string, untilMs: number): void;
  accept(ip: string): void;
  /** `later`: not now; `alone`: without others in the same call. */
  refused(nowMs: number): ReadonlyMap<string, 'later' | 'alone'>;
  /** When the next of these may be asked for again; undefined: none is refused. */
  nextMs(ips: readonly string[], nowMs: number): number | undefined;
  /** The cloud, asked by number, gave an address that is kept. */
  gaveKept(subnetId: string, ip: string, nowMs: number): void;
  /** Undefined: the cloud is asked by number. */
  naming(subnetId: string, nowMs: number): Naming | undefined;
}

/** Nothing is refused. */
export function createStaticMemory(): StaticMemory {
  const until = new Map<string, number>();
  const namings = new Map<string, { readonly untilMs: number; readonly naming: Naming }>();
  return {
    refuse: (ip, untilMs) => void until.set(ip, untilMs),
    accept: (ip) => void until.delete(ip),
    refused: (nowMs) => new Map([...until].map(([ip, ms]) => [ip, ms > nowMs ? 'later' : 'alone'] as const)),
    nextMs: (ips, nowMs) => {
      const dues = ips.flatMap((ip) => until.get(ip) ?? []).filter((ms) => ms > nowMs);
      return dues.length === 0 ? undefined : Math.min(...dues);
    },
    gaveKept: (subnetId, ip, nowMs) => {
      const { tried, refusals } = namings.get(subnetId)?.naming ?? { tried: new Set<string>(), refusals: 0 };
      namings.set(subnetId, { untilMs: nowMs + NAMING_MS, naming: { given: ip, tried, refusals } });
    },
    naming: (subnetId, nowMs) => {
      const found = namings.get(subnetId);
      if (found !== undefined && found.untilMs <= nowMs) namings.delete(subnetId);
      return namings.get(subnetId)?.naming;
    },
  };
}
