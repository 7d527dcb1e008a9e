// The cloud of the static model: one subnet of a few addresses, given out again at once, by count or by name.
import type { AddressState } from './handshake-cloud.ts';

export interface StaticCloud {
  on(eni: string): ReadonlyMap<string, AddressState>;
  /** Any that are free; false when the subnet has nothing. */
  assign(eni: string, count: number): boolean;
  /** All or, with false, none. */
  assignThese(eni: string, ips: readonly string[]): boolean;
  /** Refused as a whole when one of them is not there. */
  unassign(eni: string, ips: readonly string[]): void;
  /** Tasks of the ENI end. */
  settle(eni: string): void;
}

export function createStaticCloud(enis: readonly string[], subnet: readonly string[]): StaticCloud {
  const bound = new Map(enis.map((eni) => [eni, new Map<string, AddressState>()]));
  const free = [...subnet];
  let turn = 0;
  const on = (eni: string): Map<string, AddressState> => bound.get(eni) ?? new Map<string, AddressState>();
  return {
    on,
    assign: (eni, count) => {
      const some = free.length > 0;
      for (let n = 0; n < count && free.length > 0; n += 1) {
        // The one given back last in most cases, and any other now and then.
        turn += 1;
        const [ip] = free.splice(turn % 3 === 0 ? 0 : -1, 1);
        if (ip !== undefined) on(eni).set(ip, 'arriving');
      }
      return some;
    },
    assignThese: (eni, ips) => {
      if (!ips.every((ip) => free.includes(ip))) return false;
      for (const ip of ips) {
        free.splice(free.indexOf(ip), 1);
        on(eni).set(ip, 'arriving');
      }
      return true;
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
