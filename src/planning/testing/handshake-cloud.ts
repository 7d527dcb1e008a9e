// The cloud and the API of the handshake's model: a few addresses that are given out again at once, and objects with all their versions.
import { type AddressPool, type AddressUse, emptyPool } from '../address-pool.ts';

/** One version of a VpcENI, as far as the handshake goes. */
export interface EniObject {
  readonly version: number;
  readonly pool: AddressPool;
  readonly use?: AddressUse;
}

export interface ModelApi {
  latest(eni: string): EniObject;
  /** Any version it ever had: what a stale cache shows. */
  at(eni: string, version: number): EniObject;
  /** False on a conflict; without `version` there is none. */
  write(eni: string, change: (object: EniObject) => EniObject, version?: number): boolean;
}

export function createModelApi(enis: readonly string[]): ModelApi {
  const versions = new Map(enis.map((eni) => [eni, [{ version: 0, pool: emptyPool } as EniObject]]));
  const history = (eni: string): EniObject[] => versions.get(eni) ?? [];
  const at = (eni: string, version: number): EniObject => history(eni)[version] ?? { version: 0, pool: emptyPool };
  const latest = (eni: string): EniObject => at(eni, history(eni).length - 1);
  return {
    latest,
    at,
    write: (eni, change, version) => {
      const current = latest(eni);
      if (version !== undefined && version !== current.version) return false;
      history(eni).push({ ...change(current), version: current.version + 1 });
      return true;
    },
  };
}

export type AddressState = 'arriving' | 'there' | 'leaving';

export interface ModelCloud {
  on(eni: string): ReadonlyMap<string, AddressState>;
  /** Takes what is free, and what was given back last first: the worst case. False when the subnet has nothing. */
  assign(eni: string, count: number): boolean;
  /** Refused as a whole when one of them is not there. */
  unassign(eni: string, ips: readonly string[]): void;
  /** Tasks of the ENI end. */
  settle(eni: string): void;
}

export function createModelCloud(enis: readonly string[], subnet: readonly string[]): ModelCloud {
  const bound = new Map(enis.map((eni) => [eni, new Map<string, AddressState>()]));
  const free = [...subnet];
  const on = (eni: string): Map<string, AddressState> => bound.get(eni) ?? new Map<string, AddressState>();
  return {
    on,
    assign: (eni, count) => {
      const some = free.length > 0;
      for (let n = 0; n < count; n += 1) {
        const ip = free.pop();
        if (ip !== undefined) on(eni).set(ip, 'arriving');
      }
      return some;
    },
    unassign: (eni, ips) => {
      if (ips.every((ip) => on(eni).get(ip) === 'there')) for (const ip of ips) on(eni).set(ip, 'leaving');
    },
    settle: (eni) => {
      for (const [ip, state] of on(eni)) {
        if (state === 'arriving') on(eni).set(ip, 'there');
        if (state !== 'leaving') continue;
        on(eni).delete(ip);
        free.push(ip);
      }
    },
  };
}
