// The replicas of the webhook tell each other of every policy before it is stored, so that none decides about a Pod by an older view.
import { labels, MANAGED_BY } from '../api/keys.ts';
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { isConflict, isNotFound } from '../kube/api-error.ts';
import { type Lease, leases } from '../kube/resources.ts';
import { microTime } from '../kube/times.ts';
import type { KubeClient } from '../kube/types.ts';
import type { PolicyChange } from './expected-policies.ts';

export interface Replicas {
  /**
   * False while another replica may have admitted a policy without telling this one: before it is registered, while its registration is
   * too old for the others to count on it, and for a minute after it joined others, whose requests may still be under way.
   */
  readonly toldOfAll: boolean;
  /** Resolves when every other replica knows; throws `NotTold` when one that counts does not answer. */
  announce(change: PolicyChange): Promise<void>;
  /** Keeps this replica registered, as a Lease, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Names the replica that could not be told, and what helps. */
export class NotTold extends Error {}

export interface ReplicasOptions {
  readonly client: Pick<KubeClient, 'get' | 'list' | 'create' | 'replace' | 'delete'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  /** What the names of the Leases begin with. */
  readonly service: string;
  /** Of this process, part of its Lease's name. */
  readonly identity: string;
  /** Where the others reach this one, once it listens; `undefined`: nowhere, and then it asks the API about every Pod. */
  readonly url: () => Promise<string | undefined>;
  /** Tells one replica. `refused`: nothing listens there any more, so nothing is admitted there either. Throws when it does not answer. */
  readonly tell: (url: string, change: PolicyChange) => Promise<'told' | 'refused'>;
}

const RENEW_MS = 5_000;
/** A registration older than this is not counted on by its owner, well before the others stop telling it. */
const TRUSTED_MS = 10_000;
const GONE_MS = 15_000;
/** An API server's longest request. */
const JOIN_MS = 60_000;
const SWEEP_MS = 600_000;

/** Where a replica is told, as an annotation of its Lease. */
const URL_KEY = 'tke.cloud.tencent.com/webhook-url';

export function createReplicas(options: ReplicasOptions): Replicas {
  const { clock, logger, namespace } = options;
  const own = `${options.service}-${options.identity}`;
  /** When, on our own clock, each version of a Lease was first seen: no two machines' clocks are compared. */
  const seen = new Map<string, { readonly version: string; readonly atMs: number }>();
  const state: { url: string | undefined; renewedMs: number | undefined; trustedFromMs: number } = {
    url: undefined,
    renewedMs: undefined,
    trustedFromMs: 0,
  };
  const isCurrent = (): boolean => state.renewedMs !== undefined && clock.monotonicMs() - state.renewedMs < TRUSTED_MS;

  return {
    get toldOfAll() {
      return state.url !== undefined && isCurrent() && clock.monotonicMs() >= state.trustedFromMs;
    },
    announce: async (change) => {
      const others = (await look(options, own, seen)).filter((lease) => counts(lease));
      const untold = await Promise.all(others.map((lease) => tellOne(lease, change)));
      const failed = untold.filter((problem) => problem !== undefined);
      if (failed.length > 0) throw new NotTold(failed.join('; '));
    },
    run: async (signal) => {
      state.url = await options.url();
      while (!signal.aborted) {
        try {
          await register(signal);
        } catch (error) {
          if (!signal.aborted) logger.warn({ error: errorText(error) }, 'this replica cannot renew its registration');
        }
        await clock.sleep(RENEW_MS, signal).catch(() => undefined);
      }
      // First nothing is decided by the watch any more, then nobody tells us.
      state.renewedMs = undefined;
      await leave();
    },
  };

  async function leave(): Promise<void> {
    try {
      await options.client.delete(leases, own, { namespace });
    } catch (error) {
      logger.warn(
        { error: errorText(error) },
        'the registration of this replica is left behind; the others soon ignore it',
      );
    }
  }

  /** A replica without an address asks the API itself; one whose address is ours is a former self. */
  function counts(lease: Lease): boolean {
    const url = urlOf(lease);
    return url !== undefined && url !== state.url && !isGone(lease, GONE_MS);
  }

  function isGone({ metadata: { name } }: Lease, afterMs: number): boolean {
    const entry = seen.get(name);
    return entry !== undefined && clock.monotonicMs() - entry.atMs >= afterMs;
  }

  async function tellOne(lease: Lease, change: PolicyChange): Promise<string | undefined> {
    const url = urlOf(lease) ?? '';
    try {
      await options.tell(url, change);
      return undefined;
    } catch (error) {
      return `replica ${lease.metadata.name} at ${url} cannot be told of it (${errorText(error)})`;
    }
  }

  async function register(signal: AbortSignal): Promise<void> {
    const startedMs = clock.monotonicMs();
    const joins = !isCurrent();
    await writeLease(options, own, state.url, signal);
    const others = await look(options, own, seen, signal);
    if (joins && others.some((lease) => urlOf(lease) !== state.url))
      state.trustedFromMs = clock.monotonicMs() + JOIN_MS;
    state.renewedMs = startedMs;
    for (const lease of others)
      if (isGone(lease, SWEEP_MS)) await options.client.delete(leases, lease.metadata.name, { namespace, signal });
  }
}

const urlOf = ({ metadata }: Lease): string | undefined => metadata.annotations?.[URL_KEY];

/** The Leases of the other replicas as the API has them now; notes when each was first seen in its version. */
async function look(
  { client, clock, namespace, service }: ReplicasOptions,
  own: string,
  seen: Map<string, { readonly version: string; readonly atMs: number }>,
  signal?: AbortSignal,
): Promise<readonly Lease[]> {
  const { items } = await client.list(leases, { namespace, ...(signal === undefined ? {} : { signal }) });
  const others = items.filter(({ metadata: { name } }) => name.startsWith(`${service}-`) && name !== own);
  for (const { metadata } of others) {
    const version = metadata.resourceVersion ?? '';
    if (seen.get(metadata.name)?.version !== version) seen.set(metadata.name, { version, atMs: clock.monotonicMs() });
  }
  const names = new Set(others.map(({ metadata: { name } }) => name));
  for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
  return others;
}

async function writeLease(
  { client, clock, namespace, identity }: ReplicasOptions,
  name: string,
  url: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      labels: { [labels.managedBy]: MANAGED_BY },
      ...(url === undefined ? {} : { annotations: { [URL_KEY]: url } }),
    },
    spec: { holderIdentity: identity, leaseDurationSeconds: GONE_MS / 1000, renewTime: microTime(clock.now()) },
  };
  for (;;) {
    try {
      const stored = await client.get(leases, name, { namespace, signal });
      const { resourceVersion } = stored.metadata;
      await client.replace(
        leases,
        { ...lease, metadata: { ...lease.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } },
        { signal },
      );
      return;
    } catch (error) {
      if (isConflict(error)) continue;
      if (!isNotFound(error)) throw error;
      await client.create(leases, lease, { signal });
      return;
    }
  }
}
