// Starts the simulated Tencent Cloud account: the API over HTTP, and an in-process hand on what lies behind it.
import type { Clock } from '../../src/base/clock.ts';
import type { Logger } from '../../src/base/logger.ts';
import { allActions } from './actions/index.ts';
import type { AddonValuesListener, ClusterNetworkListener } from './addons/addon-feed.ts';
import type { CloudAdmin } from './admin.ts';
import { createGateway } from './gateway.ts';
import { serveHttp } from './http-server.ts';
import type { AccountIdentity } from './identity/caller.ts';
import { createDirectory, type SimulatedAccount } from './identity/directory.ts';
import type { IdentityAdmin } from './identity/identity-admin.ts';
import { serveMetadata } from './identity/metadata-server.ts';
import { type CloudAccount, createAccount, DEFAULT_ACCOUNT, openAccount } from './identity/open-account.ts';
import type { FabricSink, FabricSnapshot } from './read-model.ts';
import { createRequestLog, type RequestLogEntry } from './request-log.ts';
import type { SavedAccount, SavedCloud } from './saved/cloud-schema.ts';
import { restoreAccount } from './saved/restore-account.ts';
import { saveAccount } from './saved/save-account.ts';
import { writeSaved } from './saved/saved-text.ts';
import { type CloudSettings, defaultSettings } from './settings.ts';
import type { AcceptedCredential } from './signature.ts';

export interface CloudOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Port 0 picks a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Absent: the API alone, nothing enforces its rules. */
  readonly fabric?: FabricSink;
  /** Makes ids and keys the same in every run. */
  readonly seed?: number;
  readonly settings?: Partial<CloudSettings>;
  /** Default ap-guangzhou. */
  readonly region?: string;
  /** Of the account that is there from the start. */
  readonly account?: AccountIdentity;
  /** Starts the metadata service of a machine that has this role; default IPAMDofTKE_QCSRole. */
  readonly metadata?: { readonly host: string; readonly port: number; readonly roleName?: string };
  /** What the timestamps of signatures are compared with; default the clock. A clock that a test moves is not the clients'. */
  readonly clientTime?: () => Date;
  /** Starts as that cloud was: accounts, regions and seed are its own, and `settings` stands over those that it had. */
  readonly load?: SavedCloud;
}

export interface Cloud {
  /** `http://127.0.0.1:PORT`, for tccli and the SDK. */
  readonly endpoint: string;
  readonly port: number;
  readonly secretId: string;
  readonly secretKey: string;
  readonly region: string;
  readonly admin: CloudAdmin;
  readonly identity: IdentityAdmin;
  /** `http://HOST:PORT/latest/meta-data`; undefined unless the option asked for it. */
  readonly metadataUrl: string | undefined;
  /** A further account on the same endpoint, with ids, quotas, faults and CAM of its own and no fabric. Throws when the uin is taken. */
  addAccount(account: AccountIdentity & { readonly region?: string }): CloudAccount;
  /** An account that was added or loaded, or the first one. */
  account(uin: string): CloudAccount | undefined;
  /**
   * Everything that a new cloud needs to go on from here, as text for `readSaved`. Requests that wait and the log are no part of it.
   * It holds keys.
   */
  save(): string;
  snapshot(): FabricSnapshot;
  /** Every request so far, in order of their answers. */
  requestLog(): readonly RequestLogEntry[];
  /** Called with the values that an add-on of a cluster runs with, whenever the first account's tke actions have changed them. Returns the way to stop. */
  onAddonValues(listener: AddonValuesListener): () => void;
  /** Called with a cluster's VPC-CNI network, whenever the first account's tke actions have changed them. Returns the way to stop. */
  onClusterNetwork(listener: ClusterNetworkListener): () => void;
  /** Called for every later request after it acted, before its answer leaves; `at` is the arrival. Returns the way to stop. */
  onRequest(listener: (entry: RequestLogEntry) => void): () => void;
  /** Cuts connections and ends pending tasks. */
  close(): Promise<void>;
}

/** Listens before it resolves; rejects when the address is taken. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const settings: CloudSettings = { ...defaultSettings, ...options.settings };
  const region = options.region ?? 'ap-guangzhou';
  const { clock, load, logger } = options;
  const common = { clock, logger, settings };
  const seed = load === undefined ? options.seed : (load.seed ?? undefined);
  const again = (saved: SavedAccount, fabric: FabricSink | undefined): SimulatedAccount =>
    createAccount({
      ...common,
      settings: { ...defaultSettings, ...saved.settings, ...options.settings },
      identity: saved,
      region: saved.region,
      fabric,
      seed: undefined,
    });
  const main =
    load === undefined
      ? createAccount({
          ...common,
          identity: options.account ?? DEFAULT_ACCOUNT,
          region,
          fabric: options.fabric,
          seed,
        })
      : again(load.accounts[0], options.fabric);
  const { core } = main;
  const directory = createDirectory(main);
  const opened = new Map<string, CloudAccount>();
  const open = (account: SimulatedAccount, known?: AcceptedCredential): CloudAccount => {
    const handed = openAccount(directory, account, known);
    opened.set(account.uin, handed);
    return handed;
  };
  const stop = (): void => {
    for (const account of directory.accounts.values()) account.core.stop();
  };
  const log = createRequestLog();
  const root = open(main, load?.accounts[0].root);
  try {
    for (const saved of load?.accounts ?? []) {
      const account = saved === load?.accounts[0] ? main : again(saved, undefined);
      if (account !== main) {
        directory.add(account);
        open(account, saved.root);
      }
      restoreAccount(directory, account, saved);
    }
  } catch (error) {
    stop();
    throw error;
  }
  const answer = createGateway({
    directory,
    logger,
    actions: allActions,
    log,
    ...(options.clientTime === undefined ? {} : { clientTime: options.clientTime }),
  });
  const front = await serveHttp(options.listen, answer);
  const metadata =
    options.metadata === undefined
      ? undefined
      : await serveMetadata(options.metadata, directory, main).catch(async (error: unknown) => {
          await front.close();
          throw error;
        });
  return {
    endpoint: `http://${options.listen.host}:${front.port}`,
    port: front.port,
    secretId: root.secretId,
    secretKey: root.secretKey,
    region: root.region,
    admin: root.admin,
    identity: root.identity,
    metadataUrl: metadata?.url,
    addAccount: (wanted) => {
      const account = createAccount({
        ...common,
        identity: wanted,
        region: wanted.region ?? root.region,
        fabric: undefined,
        seed: seed === undefined ? undefined : seed + directory.accounts.size * 1_000_003,
      });
      directory.add(account);
      return open(account);
    },
    account: (uin) => opened.get(uin),
    save: () => {
      const keys = directory.keys();
      const saved = [...directory.accounts.values()].map((account) =>
        saveAccount(account, keys, opened.get(account.uin) ?? root),
      );
      const [first, ...others] = saved;
      if (first === undefined) throw new Error('a cloud has an account');
      return writeSaved({ savedAt: clock.now(), seed: seed ?? null, accounts: [first, ...others] });
    },
    snapshot: () => core.snapshot(),
    requestLog: () => log.entries,
    onRequest: (listener) => log.onEntry(listener),
    onAddonValues: (listener) => core.addonFeed.on(listener),
    onClusterNetwork: (listener) => core.networkFeed.on(listener),
    close: async () => {
      stop();
      await metadata?.close();
      await front.close();
    },
  };
}
