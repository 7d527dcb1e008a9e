// The add-on actions of the tke service: they install SecurityGroupPolicy and read and write eniipamd's values (facts tke.md, section 5.2).
// GUESS: parameters and answers beyond RawValues and UpdateStrategy, which the facts name; this file is the only place to correct.
import { z } from 'zod';
import { type Action, bool, defineAction, text } from '../action.ts';
import { ApiError } from '../api-error.ts';
import { effectiveValues, installedAddon, mergeValues } from '../addons/addon-records.ts';
import type { ClusterAddon } from '../addons/addon-state.ts';
import { ADDON_CATALOGUE, type CatalogueEntry, catalogueEntry } from '../addons/catalogue.ts';
import { decodeRawValues, encodeRawValues } from '../addons/raw-values.ts';
import type { CloudCore } from '../core.ts';
import type { ClusterRecord } from '../state.ts';
import { addonInstallation, addonRemoval, addonUpdate } from '../tasks/addon-tasks.ts';

/** Throws ResourceNotFound for a cluster that was not registered. */
export function findCluster(core: CloudCore, clusterId: string): ClusterRecord {
  const cluster = core.state.clusters.get(clusterId);
  if (cluster === undefined) throw new ApiError('ResourceNotFound', `there is no cluster \`${clusterId}\``);
  return cluster;
}

function findAddon(cluster: ClusterRecord, name: string): ClusterAddon {
  offered(name);
  const addon = cluster.addons.get(name);
  if (addon === undefined) throw new ApiError('ResourceNotFound', `${name} is not installed in ${cluster.clusterId}`);
  return addon;
}

function offered(name: string): CatalogueEntry {
  const entry = catalogueEntry(name);
  if (entry === undefined)
    throw new ApiError(
      'InvalidParameter.Param',
      `there is no add-on \`${name}\`; known: ${Object.keys(ADDON_CATALOGUE).join(', ')}`,
    );
  return entry;
}

/** Throws while a task works on it. */
function settledPhase({ name, phase }: ClusterAddon): 'Succeeded' | 'InstallFailed' | 'UpgradeFailed' {
  if (phase === 'Installing' || phase === 'Upgrading' || phase === 'Deleting')
    throw new ApiError('FailedOperation.UnexpectedError', `${name} is ${phase}; its task still runs`);
  return phase;
}

/** What tells a task which add-on it works on. */
const which = (clusterId: string, { createdAt, name }: ClusterAddon) => ({ clusterId, addon: name, createdAt });

const addonAnswer = (addon: ClusterAddon): object => ({
  AddonName: addon.name,
  AddonVersion: addon.version,
  RawValues: encodeRawValues(addon.values),
  Phase: addon.phase,
  Reason: addon.reason,
  CreateTime: addon.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
});

const describeAddon = defineAction({
  name: 'DescribeAddon',
  services: ['tke'],
  parameters: z.object({ ClusterId: text, AddonName: text.optional() }),
  handle: ({ ClusterId, AddonName }, { core }) => {
    const cluster = findCluster(core, ClusterId);
    const addons = AddonName === undefined ? [...cluster.addons.values()] : [findAddon(cluster, AddonName)];
    return { Addons: addons.map(addonAnswer) };
  },
});

const describeAddonValues = defineAction({
  name: 'DescribeAddonValues',
  services: ['tke'],
  parameters: z.object({ ClusterId: text, AddonName: text }),
  handle: ({ ClusterId, AddonName }, { core }) => {
    const { defaults } = offered(AddonName);
    // Before it is installed its defaults are what there is.
    const addon = findCluster(core, ClusterId).addons.get(AddonName);
    const values = addon === undefined ? defaults : effectiveValues(addon);
    return { Values: JSON.stringify(values), DefaultValues: JSON.stringify(defaults) };
  },
});

const installAddon = defineAction({
  name: 'InstallAddon',
  services: ['tke'],
  parameters: z.object({
    ClusterId: text,
    AddonName: text,
    AddonVersion: text.optional(),
    RawValues: text.optional(),
    DryRun: bool.optional(),
  }),
  handle: ({ ClusterId, AddonName, AddonVersion, RawValues, DryRun = false }, { core, requestId }) => {
    const cluster = findCluster(core, ClusterId);
    const entry = offered(AddonName);
    if (cluster.addons.has(AddonName))
      throw new ApiError('FailedOperation.UnexpectedError', `${AddonName} is installed in ${ClusterId} already`);
    const values = decodeRawValues(RawValues);
    if (DryRun) return {};
    const addon = { ...installedAddon(AddonName, core.clock.now()), version: AddonVersion ?? entry.version, values };
    addon.phase = 'Installing';
    cluster.addons.set(AddonName, addon);
    core.startTask('InstallAddon', requestId, addonInstallation.plan(which(ClusterId, addon)));
    return {};
  },
});

const updateAddon = defineAction({
  name: 'UpdateAddon',
  services: ['tke'],
  parameters: z.object({
    ClusterId: text,
    AddonName: text,
    AddonVersion: text.optional(),
    RawValues: text.optional(),
    UpdateStrategy: z.enum(['merge', 'replace']).optional(),
    DryRun: bool.optional(),
  }),
  handle: (parameters, { core, requestId }) => {
    const { AddonName, AddonVersion, ClusterId, DryRun = false, RawValues } = parameters;
    const addon = findAddon(findCluster(core, ClusterId), AddonName);
    settledPhase(addon);
    const written = decodeRawValues(RawValues);
    // GUESS: merge when no strategy is given; a call without RawValues only changes the version.
    const replaces = parameters.UpdateStrategy === 'replace' && RawValues !== undefined;
    const after = replaces ? written : mergeValues(addon.values, written);
    if (DryRun) return {};
    const task = addonUpdate.plan({
      ...which(ClusterId, addon),
      before: { values: addon.values, version: addon.version },
      after: { values: after, version: AddonVersion ?? addon.version },
    });
    addon.phase = 'Upgrading';
    core.startTask('UpdateAddon', requestId, task);
    return {};
  },
});

const deleteAddon = defineAction({
  name: 'DeleteAddon',
  services: ['tke'],
  parameters: z.object({ ClusterId: text, AddonName: text }),
  handle: ({ ClusterId, AddonName }, { core, requestId }) => {
    const addon = findAddon(findCluster(core, ClusterId), AddonName);
    const before = settledPhase(addon);
    addon.phase = 'Deleting';
    core.startTask('DeleteAddon', requestId, addonRemoval.plan({ ...which(ClusterId, addon), before }));
    return {};
  },
});

/** Add-ons of clusters. */
export const addonActions: readonly Action[] = [
  describeAddon,
  describeAddonValues,
  installAddon,
  updateAddon,
  deleteAddon,
];
