// Makes add-on records and puts written values over the defaults.
import type { ClusterAddon, AddonValues, VpcCniNetwork } from './addon-state.ts';
import { catalogueEntry, IPAMD_ADDON } from './catalogue.ts';

/** A cluster as it is registered: VPC-CNI clusters have eniipamd from the start, the others nothing. */
export function newClusterParts(
  networkType: 'VPC-CNI' | 'GR',
  now: Date,
): { readonly vpcCni: VpcCniNetwork | null; readonly addons: Map<string, ClusterAddon> } {
  if (networkType === 'GR') return { vpcCni: null, addons: new Map() };
  return {
    vpcCni: { type: 'tke-route-eni', staticIp: true, subnetIds: [], expiredSeconds: undefined, progress: 'Succeed' },
    addons: new Map([[IPAMD_ADDON, installedAddon(IPAMD_ADDON, now)]]),
  };
}

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
