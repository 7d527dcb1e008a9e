// The API of the static model: VpcIPs, claims and Pods with all their past, so that whoever looks may look at an old one.
import type { VpcIp } from '../../api/vpc-ip.ts';

/** A VpcIP as far as the model goes; `version` rises with every write of it. */
export interface ModelVip {
  readonly version: number;
  readonly claim: { readonly name: string; readonly uid: string };
  readonly phase: NonNullable<VpcIp['status']>['phase'];
  readonly eni?: string | undefined;
  readonly node?: string | undefined;
  readonly podUid?: string | undefined;
  readonly agent?: { readonly state: 'Wired' | 'TornDown'; readonly podUID: string } | undefined;
  readonly deleted: boolean;
}

export interface ModelClaim {
  readonly version: number;
  readonly uid: string;
  readonly keeps: boolean;
  readonly podUid?: string | undefined;
  readonly node?: string | undefined;
  /** Nobody has it since a Pod had. */
  readonly unbound: boolean;
  /** Its time is over as soon as it is unbound. */
  readonly expires: boolean;
  readonly deleted: boolean;
}

export interface ModelPod {
  readonly version: number;
  readonly uid: string;
  readonly node: string;
}

export interface Kinds {
  readonly vips: ModelVip;
  readonly claims: ModelClaim;
  readonly pods: ModelPod;
}
export type Kind = keyof Kinds;
export const kindNames = ['vips', 'claims', 'pods'] as const;

export interface StaticApi {
  /** Number of the newest state of a kind. */
  now(kind: Kind): number;
  /** A kind as it was. */
  at<K extends Kind>(kind: K, state: number): ReadonlyMap<string, Kinds[K]>;
  latest<K extends Kind>(kind: K): ReadonlyMap<string, Kinds[K]>;
  /**
   * What `change` makes of it (undefined: no object); false on a conflict. `version`: the one that the writer knows, undefined for none; without
   * the argument whatever is there is changed.
   */
  write<K extends Kind>(
    kind: K,
    key: string,
    change: (object: Kinds[K] | undefined) => Omit<Kinds[K], 'version'> | undefined,
    lock?: { readonly version: number | undefined },
  ): boolean;
}

export function createStaticApi(): StaticApi {
  const states: { [K in Kind]: ReadonlyMap<string, Kinds[K]>[] } = {
    vips: [new Map()],
    claims: [new Map()],
    pods: [new Map()],
  };
  let version = 0;
  const at = <K extends Kind>(kind: K, state: number): ReadonlyMap<string, Kinds[K]> => {
    const all: readonly ReadonlyMap<string, Kinds[K]>[] = states[kind];
    return all[Math.max(0, Math.min(state, all.length - 1))] ?? new Map<string, Kinds[K]>();
  };
  const now = (kind: Kind): number => states[kind].length - 1;
  return {
    now,
    at,
    latest: (kind) => at(kind, now(kind)),
    write: <K extends Kind>(
      kind: K,
      key: string,
      change: (object: Kinds[K] | undefined) => Omit<Kinds[K], 'version'> | undefined,
      lock?: { readonly version: number | undefined },
    ) => {
      const before = at(kind, now(kind)).get(key);
      if (lock !== undefined && lock.version !== before?.version) return false;
      const changed = change(before);
      const after = new Map(at(kind, now(kind)));
      version += 1;
      if (changed === undefined) after.delete(key);
      else after.set(key, { ...changed, version } as Kinds[K]);
      states[kind].push(after);
      return true;
    },
  };
}
