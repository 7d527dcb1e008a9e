// The tasks of the tke service: add-ons installed, updated, removed, and the VPC-CNI network of a cluster turned on.
import { z } from 'zod';

import { effectiveValues, installedAddon, toldOf } from '../addons/addon-records.ts';
import type { ClusterAddon } from '../addons/addon-state.ts';
import { IPAMD_ADDON } from '../addons/catalogue.ts';
import type { CloudCore } from '../core.ts';
import { date } from '../saved/codecs.ts';
import type { ClusterRecord } from '../state.ts';
import { defineTask } from './task-kind.ts';

/** `createdAt` tells the add-on from a later one of its name. */
const which = z.strictObject({ clusterId: z.string(), addon: z.string(), createdAt: date });
const values = z.record(z.string(), z.unknown());

interface Found {
  readonly cluster: ClusterRecord;
  readonly addon: ClusterAddon;
  /** It has not been taken away meanwhile. */
  installed(): boolean;
}

function find(core: CloudCore, data: z.output<typeof which>): Found | undefined {
  const cluster = core.state.clusters.get(data.clusterId);
  const addon = cluster?.addons.get(data.addon);
  if (cluster === undefined || addon?.createdAt.getTime() !== data.createdAt.getTime()) return undefined;
  return { cluster, addon, installed: () => cluster.addons.get(addon.name) === addon };
}

function tell(core: CloudCore, found: Found): void {
  const { addon, cluster } = found;
  if (found.installed()) core.addonFeed.tell(cluster.clusterId, addon.name, effectiveValues(addon));
}

/** Installing until then. */
export const addonInstallation = defineTask('addon-installation', which, (core, data) => {
  const found = find(core, data);
  return {
    apply: () => undefined,
    finish: () => {
      if (found === undefined) return;
      found.addon.phase = 'Succeeded';
      tell(core, found);
    },
    undo: () => {
      if (found !== undefined)
        Object.assign(found.addon, { phase: 'InstallFailed', reason: 'the installation failed' });
    },
  };
});

/** Upgrading until then; `before` comes back when it fails. */
export const addonUpdate = defineTask(
  'addon-update',
  which.extend({
    after: z.strictObject({ values, version: z.string() }),
    before: z.strictObject({ values, version: z.string() }),
  }),
  (core, { after, before, ...data }) => {
    const found = find(core, data);
    return {
      apply: () => {
        if (found !== undefined) Object.assign(found.addon, after);
      },
      finish: () => {
        if (found === undefined) return;
        Object.assign(found.addon, { phase: 'Succeeded', reason: '' });
        tell(core, found);
      },
      undo: () => {
        if (found !== undefined)
          Object.assign(found.addon, { ...before, phase: 'UpgradeFailed', reason: 'the update failed' });
      },
    };
  },
);

/** Deleting until it is gone; `before` is the phase that comes back when it fails. */
export const addonRemoval = defineTask(
  'addon-removal',
  which.extend({ before: z.enum(['Succeeded', 'InstallFailed', 'UpgradeFailed']) }),
  (core, { before, ...data }) => {
    const found = find(core, data);
    return {
      apply: () => undefined,
      finish: () => {
        if (found?.installed() !== true) return;
        found.cluster.addons.delete(data.addon);
        core.addonFeed.tell(data.clusterId, data.addon, undefined);
      },
      undo: () => {
        if (found !== undefined) found.addon.phase = before;
      },
    };
  },
);

/** Running until then; the network is the one that this task's call turned on. */
export const networkEnabling = defineTask(
  'network-enabling',
  z.strictObject({ clusterId: z.string(), requestId: z.string() }),
  (core, { clusterId, requestId }) => {
    const cluster = core.state.clusters.get(clusterId);
    const network = cluster?.vpcCni?.enabledBy === requestId ? cluster.vpcCni : undefined;
    return {
      apply: () => undefined,
      finish: () => {
        if (cluster === undefined || network === undefined) return;
        network.progress = 'Succeed';
        if (cluster.vpcCni !== network) return;
        core.networkFeed.tell(clusterId, toldOf(network));
        if (cluster.addons.has(IPAMD_ADDON)) return;
        const addon = installedAddon(IPAMD_ADDON, core.clock.now());
        cluster.addons.set(IPAMD_ADDON, addon);
        core.addonFeed.tell(clusterId, IPAMD_ADDON, effectiveValues(addon));
      },
      undo: () => {
        if (network !== undefined) network.progress = 'Failed';
      },
    };
  },
);

/** Every kind of this file. */
export const addonTasks = [addonInstallation, addonUpdate, addonRemoval, networkEnabling] as const;
