// What only this process knows of static addresses: which ones the cloud refused lately; never a source of truth.

export interface StaticMemory {
  /** Not asked for before this, and then alone. */
  refuse(ip: string, untilMs: number): void;
  accept(ip: string): void;
  /** `later`: not now; `alone`: without others in the same call. */
  refused(nowMs: number): ReadonlyMap<string, 'later' | 'alone'>;
  /** When the next of these may be asked for again; undefined: none is refused. */
  nextMs(ips: readonly string[], nowMs: number): number | undefined;
}

/** Nothing is refused. */
export function createStaticMemory(): StaticMemory {
  const until = new Map<string, number>();
  return {
    refuse: (ip, untilMs) => void until.set(ip, untilMs),
    accept: (ip) => void until.delete(ip),
    refused: (nowMs) => new Map([...until].map(([ip, ms]) => [ip, ms > nowMs ? 'later' : 'alone'] as const)),
    nextMs: (ips, nowMs) => {
      const dues = ips.flatMap((ip) => until.get(ip) ?? []).filter((ms) => ms > nowMs);
      return dues.length === 0 ? undefined : Math.min(...dues);
    },
  };
}
