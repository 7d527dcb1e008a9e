// One run of one command: connections made when they are asked for, the answer printed in the form that was asked for.
import { setMaxListeners } from 'node:events';
import { stringify } from 'yaml';

import { objectNames } from '../api/keys.ts';
import { silentLogger } from '../base/logger.ts';
import type { CredentialSource } from '../cloud/credentials.ts';
import { createTencentCloud, type TencentCloud, type TencentCloudOptions } from '../cloud/tencent-cloud.ts';
import { type ClosableKubeClient, createKubeClient } from '../kube/client.ts';
import type { KubeConnection } from '../kube/connection.ts';
import { createExec } from '../kube/exec.ts';
import { configMaps } from '../kube/resources.ts';
import { type CloudChoice, cloudKeys, cloudTarget } from './cloud-access.ts';
import type { CliSession, CliWorld, CloudAccess, OutputForm } from './context.ts';
import { kubeConnection, type KubeConfigChoice } from './kubeconfig.ts';
import { styleFor } from './table.ts';

export interface SessionChoice extends KubeConfigChoice {
  readonly namespace?: string | undefined;
  readonly output: OutputForm;
  readonly cloud: CloudChoice;
}

/** A diagnosis reads a lot at once and then ends; the server's own fairness protects it. */
const QPS = 200;
const BURST = 400;

/** `close` ends what was opened, and the progress line. */
export function openSession(world: CliWorld, choice: SessionChoice): CliSession & { close(): void } {
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => (made ??= make());
  };
  const opened: { kube?: ClosableKubeClient; clouds: TencentCloud[] } = { clouds: [] };
  const connection = once((): Promise<KubeConnection> => kubeConnection(world, choice));
  const kube = once(async () => {
    opened.kube = createKubeClient({
      connection: await connection(),
      clock: world.clock,
      logger: silentLogger,
      userAgent: 'trunkline',
      qps: QPS,
      burst: BURST,
    });
    return opened.kube;
  });
  // Every call under way listens to it; there is no leak to be warned of.
  setMaxListeners(0, world.signal);
  const progress = progressLine(world, choice.output);
  const place = once(async () => {
    const keys = await cloudKeys(world, choice.cloud);
    if ('reason' in keys) return keys;
    const found = await placeOf(world, choice.cloud, keys.credentials, kube);
    return 'reason' in found ? found : { ...found, from: keys.from };
  });
  const shared = { clock: world.clock, logger: silentLogger };
  const open = (options: CloudOptions, from: string): CloudAccess => {
    const cloud = createTencentCloud({ ...options, ...shared });
    opened.clouds.push(cloud);
    return { available: true, cloud, region: options.region, from };
  };
  return {
    world,
    output: choice.output,
    style: styleFor(world.out, (world.env['NO_COLOR'] ?? '') !== ''),
    signal: world.signal,
    kube,
    exec: async () => createExec(await connection()),
    namespace: async () => choice.namespace ?? (await connection()).namespace ?? 'default',
    namespaceGiven: choice.namespace !== undefined,
    cloud: once(async (): Promise<CloudAccess> => {
      const found = await place();
      return 'reason' in found ? { available: false, reason: found.reason } : open(found.options, found.from);
    }),
    cloudAs: async (credentials) => {
      const found = await placeOf(world, choice.cloud, credentials, kube);
      return 'reason' in found ? { available: false, reason: found.reason } : open(found.options, 'the cluster');
    },
    picture: once(async () => {
      const { takePicture } = await import('../diagnose/picture/take.ts');
      const taken = { client: await kube(), clock: world.clock, signal: world.signal, onProgress: progress.show };
      const found = await place();
      if ('reason' in found) return takePicture({ ...taken, cloudGap: found.reason });
      const { createCloudReader } = await import('../diagnose/picture/cloud-reader.ts');
      const cloud = createCloudReader({ ...found.options, ...shared });
      try {
        return await takePicture({ ...taken, cloud });
      } finally {
        cloud.close();
      }
    }),
    print: (data, text) => {
      progress.clear();
      world.out.write(formatted(choice.output, data, text));
    },
    progress: progress.show,
    warn: (text) => {
      progress.clear();
      world.err.write(`${text}\n`);
    },
    close: () => {
      progress.clear();
      opened.kube?.close();
      for (const cloud of opened.clouds) cloud.close();
    },
  };
}

function formatted(output: OutputForm, data: unknown, text: () => string): string {
  switch (output) {
    case 'json':
      return `${JSON.stringify(data, null, 2)}\n`;
    case 'yaml':
      // By way of JSON: what is undefined is left out, as there.
      return stringify(JSON.parse(JSON.stringify(data)), { aliasDuplicateObjects: false, lineWidth: 0 });
    case 'text':
      return text();
  }
}

type CloudOptions = Pick<TencentCloudOptions, 'credentials' | 'region' | 'endpoints'>;

/** The region is asked of the cluster last, so that it need not be given at all. */
async function placeOf(
  world: CliWorld,
  choice: CloudChoice,
  credentials: CredentialSource,
  kube: () => Promise<ClosableKubeClient>,
): Promise<{ readonly reason: string } | { readonly options: CloudOptions }> {
  const { region: given, endpoint } = await cloudTarget(world, choice);
  const region = given ?? (await regionOfCluster(await kube()));
  if (region === undefined)
    return { reason: 'the region of the cloud is not known; set TENCENTCLOUD_REGION or --region' };
  const endpoints = endpoint === undefined ? {} : { endpoints: { vpc: endpoint, cvm: endpoint, cam: endpoint } };
  return { options: { credentials, region, ...endpoints } };
}

async function regionOfCluster(client: ClosableKubeClient): Promise<string | undefined> {
  try {
    const values = await client.get(configMaps, objectNames.addonValues, { namespace: objectNames.systemNamespace });
    return values.data?.['region'] || undefined;
  } catch {
    // Whatever hinders it here is told by the command that reads the cluster.
    return undefined;
  }
}

function progressLine(
  world: CliWorld,
  output: OutputForm,
): { readonly show: (text: string) => void; readonly clear: () => void } {
  const on = output === 'text' && world.err.isTTY === true;
  let shown = false;
  return {
    show: (text) => {
      if (!on) return;
      shown = true;
      world.err.write(`\r\u001b[2K${text.slice(0, (world.err.columns ?? 80) - 1)}`);
    },
    clear: () => {
      if (shown) world.err.write('\r\u001b[2K');
      shown = false;
    },
  };
}
