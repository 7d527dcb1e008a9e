// Makes add-on records and puts written values over the defaults.
import type { ClusterNetwork } from './addon-feed.ts';
import type { ClusterAddon, AddonValues, VpcCniNetwork } from './addon-state.ts';
import { ADDON_CATALOGUE, catalogueEntry, IPAMD_ADDON } from './catalogue.ts';

/**
 * A cluster as it is registered: VPC-CNI clusters have eniipamd from the start, the others nothing but what `addons` names, with the
 * values written there. Throws Error for an add-on that is not offered.
 */
export function newClusterParts(
  wished: {
    readonly networkType: 'VPC-CNI' | 'GR';
    readonly subnetIds: readonly string[];
    readonly addons: Readonly<Record<string, AddonValues>>;
    /** The account's clusters of shared ENI with static IP start with Trunking ENI on (spec 002, incremental clusters). */
    readonly trunking?: boolean;
  },
  now: Date,
): { readonly vpcCni: VpcCniNetwork | null; readonly addons: Map<string, ClusterAddon> } {
  const { networkType, subnetIds, addons: wanted, trunking = false } = wished;
  const vpcCni = networkType === 'GR' ? null : newNetwork(subnetIds);
  const withValues = vpcCni === null ? wanted : { [IPAMD_ADDON]: {}, ...wanted };
  const startsTrunking = trunking && vpcCni?.staticIp === true;
  const addons = Object.entries(withValues).map(([name, values]) => {
    if (catalogueEntry(name) === undefined)
      throw new Error(`there is no add-on ${name}; known: ${Object.keys(ADDON_CATALOGUE).join(', ')}`);
    // What is written when the cluster is made wins over the account's option.
    const own = name === IPAMD_ADDON && startsTrunking ? mergeValues(TRUNKING_ON, values) : values;
    return [name, { ...installedAddon(name, now), values: own }] as const;
  });
  return { vpcCni, addons: new Map(addons) };
}

const TRUNKING_ON: AddonValues = { vpcCni: { trunkingEni: { enableSubEni: true } } };

const newNetwork = (subnetIds: readonly string[]): VpcCniNetwork => ({
  type: 'tke-route-eni',
  staticIp: true,
  subnetIds: [...subnetIds],
  expiredSeconds: undefined,
  progress: 'Succeed',
});

/** What the cluster hears of its network. */
export const toldOf = ({ subnetIds, expiredSeconds }: VpcCniNetwork): ClusterNetwork => ({ subnetIds, expiredSeconds });

/** In phase Succeeded, with its default values. */
export function installedAddon(name: string, now: Date): ClusterAddon {
  return {
    name,
    version: catalogueEntry(name)?.version ?? '1.0.0',
    values: {},
    phase: 'Succeeded',
    reason: '',
    createdAt: now,
  };
}

/** What the add-on runs with: the defaults under what was written. */
export const effectiveValues = (addon: ClusterAddon): AddonValues =>
  mergeValues(catalogueEntry(addon.name)?.defaults ?? {}, addon.values);

/** Objects are merged key by key, everything else is replaced, null removes a key (GUESS: as Helm merges values). */
export function mergeValues(below: AddonValues, above: AddonValues): AddonValues {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const before = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isValues(before) && isValues(value) ? mergeValues(before, value) : value;
  }
  return merged;
}

/** A JSON object. */
export const isValues = (value: unknown): value is AddonValues =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
