// What the cloud's add-on management does in the lab's cluster: UpdateAddon and its like reach ConfigMap `tke-eni-ipamd` and `deploy/`.
import { join } from 'node:path';

import { addonValuesSchema } from '../src/api/addon-values.ts';
import { objectNames } from '../src/api/keys.ts';
import type { Clock } from '../src/base/clock.ts';
import { errorText } from '../src/base/errors.ts';
import type { Logger } from '../src/base/logger.ts';
import { isNotFound } from '../src/kube/api-error.ts';
import { configMaps } from '../src/kube/resources.ts';
import type { KubeClient } from '../src/kube/types.ts';
import type { ClusterNetwork } from './cloud/addons/addon-feed.ts';
import type { AddonValues } from './cloud/addons/addon-state.ts';
import { ADDON_CATALOGUE, IPAMD_ADDON } from './cloud/addons/catalogue.ts';
import type { Cloud } from './cloud/cloud.ts';
import { flatValues } from './flat-values.ts';
import { applyObject } from './install.ts';
import { resourceOf } from './kube-resources.ts';
import { loadKustomization } from './manifests.ts';

/** In `managedFields` of what is written here. */
const FIELD_MANAGER = 'tke-addon-management';
const RETRY_MS = 1000;

export interface AddonConnectionOptions {
  readonly cloud: Pick<Cloud, 'onAddonValues' | 'onClusterNetwork'>;
  /** Other clusters of the account are left alone. */
  readonly clusterId: string;
  readonly client: KubeClient;
  readonly projectDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Undefined: the add-on was deleted. */
type Wanted = AddonValues | undefined;

/** Follows the cluster's add-ons until closed; what the API refuses is tried again, the newest values only. */
export function connectAddons(options: AddonConnectionOptions): { close(): Promise<void> } {
  const { cloud, clusterId, clock, logger } = options;
  const stop = new AbortController();
  const follow: Readonly<Record<string, (wanted: Wanted) => Promise<void>>> = {
    [IPAMD_ADDON]: ipamdValues(options.client),
    securitygrouppolicy: (wanted) => installPolicies(options, wanted !== undefined),
  };
  const newest = new Map<string, () => Promise<void> | undefined>();
  let last: Promise<void> = Promise.resolve();
  const work = async (subject: string): Promise<void> => {
    while (newest.has(subject) && !stop.signal.aborted) {
      const wanted = newest.get(subject);
      try {
        await wanted?.();
        if (newest.get(subject) === wanted) newest.delete(subject);
      } catch (error) {
        logger.warn(
          { subject, reason: errorText(error) },
          'the cluster did not take a change of an add-on or of its network; trying again',
        );
        await clock.sleep(RETRY_MS, stop.signal).catch(() => undefined);
      }
    }
  };
  const want = (subject: string, wanted: () => Promise<void> | undefined): void => {
    newest.set(subject, wanted);
    last = last.then(() => work(subject));
  };
  const unlistens = [
    cloud.onAddonValues((cluster, addon, values) => {
      if (cluster === clusterId && Object.hasOwn(follow, addon)) want(addon, () => follow[addon]?.(values));
    }),
    cloud.onClusterNetwork((cluster, network) => {
      if (cluster === clusterId) want('network', () => patchValues(options.client, networkValues(network)));
    }),
  ];
  return {
    close: async () => {
      for (const unlisten of unlistens) unlisten();
      stop.abort(new Error('the lab is closing'));
      await last;
    },
  };
}

/** Keys of the ConfigMap that ipamd decodes; the account's own ones among them are never touched by defaults. */
const isDecoded = (key: string): boolean => Object.hasOwn(addonValuesSchema.shape, key);

/**
 * Writes effective values as flat keys. A default that ipamd does not decode is left out, since ipamd refuses keys it does not know;
 * a value that somebody wrote is never left out, so that ipamd can refuse it by name.
 */
function ipamdValues(client: KubeClient): (wanted: Wanted) => Promise<void> {
  const defaults = flatValues(ADDON_CATALOGUE[IPAMD_ADDON]?.defaults ?? {});
  const written = new Set(Object.keys(defaults));
  return async (wanted) => {
    const values = Object.entries(flatValues(wanted ?? {})).filter(
      ([key, value]) => isDecoded(key) || defaults[key] !== value,
    );
    const gone = [...written].filter((key) => !values.some(([name]) => name === key));
    await patchValues(
      client,
      Object.fromEntries<string | null>([...gone.map((key) => [key, null] as const), ...values]),
    );
    for (const [key] of values) written.add(key);
  };
}

/** The subnets stay when the network goes: ipamd does not run without any, and gives back what it holds. */
const networkValues = (network: ClusterNetwork | undefined): Readonly<Record<string, string | null>> => ({
  ...(network === undefined ? {} : { subnetIds: network.subnetIds.join(',') }),
  'vpcCni.claimExpiredSeconds': network?.expiredSeconds === undefined ? null : String(network.expiredSeconds),
});

/** Keys of the ConfigMap; null takes one away. */
async function patchValues(client: KubeClient, data: Readonly<Record<string, string | null>>): Promise<void> {
  await client.patch(
    configMaps,
    objectNames.addonValues,
    { type: 'merge', body: { data } },
    { namespace: objectNames.systemNamespace, fieldManager: FIELD_MANAGER },
  );
}

/** The component `deploy/securitygrouppolicy`; definitions and policies stay when it goes (DESIGN, decision 5). */
async function installPolicies(
  { client, projectDir }: Pick<AddonConnectionOptions, 'client' | 'projectDir'>,
  present: boolean,
): Promise<void> {
  for (const object of await loadKustomization(join(projectDir, 'deploy', 'securitygrouppolicy'))) {
    if (present) {
      await applyObject(client, object);
      continue;
    }
    const { name, namespace } = object.metadata;
    await client
      .delete(resourceOf(object), name, namespace === undefined ? {} : { namespace })
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
  }
}
