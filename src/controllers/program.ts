// ipamd as a whole: its parts put together on a client and a cloud, to run until a signal.
import type { AddonValues } from '../api/addon-values.ts';
import { objectNames } from '../api/keys.ts';
import { TrunklineError } from '../base/errors.ts';
import { ipamdErrors } from './errors.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { createEniWatcher } from '../cloud/eni-watcher.ts';
import type { EniWatcher, VpcCloud } from '../cloud/vpc-cloud.ts';
import { createElector } from '../kube/elector.ts';
import { type ManagedServer, runManager } from '../kube/manager.ts';
import type { EventLines } from '../kube/klog-events.ts';
import { createEventRecorder } from '../kube/recorder.ts';
import { namespaces } from '../kube/resources.ts';
import type { Controller, Elector, KubeClient } from '../kube/types.ts';
import { RELEASE_INTERVAL_MS } from '../planning/pool-target.ts';
import { createForeignInstallReport } from './adoption/controller.ts';
import { adoptObjects, findForeignObjects } from './adoption/foreign-install.ts';
import { readValuesAtStart } from './addon/values/decode.ts';
import type { IpamdDeps, Timings } from './deps.ts';
import type { ListenAddress } from '../base/listen-flag.ts';
import { createEniObservations } from './eni-observations.ts';
import { createIpamdInformers, informerList } from './informers.ts';
import { createEniListings } from './eni-listings.ts';
import { createInstanceLookup } from './instance-lookup.ts';
import { createIpamdMetrics, type IpamdMetrics } from './metrics.ts';
import { createMissedPods } from './pod/missed-policy/memory.ts';
import { createNamespaceHolds } from './namespace/cloud-resources/holds.ts';
import { noPolicyFlags, type PolicyFlags } from './policy-flags.ts';
import { createHttpServer, type Health } from '../kube/health-server.ts';
import { createSettings } from './settings.ts';
import { observeSubEniDenials } from './sub-eni-denials.ts';
import { createSubEniPermission } from './sub-eni-permission.ts';
import { createSubnetCache } from './subnet-cache.ts';
import { createTokenEvidence } from './token-evidence.ts';
import { createWriteMemory } from './write-memory.ts';

export interface LeaderElection {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

export interface IpamdOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends everything in order. */
  readonly signal: AbortSignal;
  /** Holder identity, unique to this process. */
  readonly identity: string;
  /** Absent: this process leads without an election. */
  readonly election: LeaderElection | undefined;
  /** Longest single cloud call; the margin of the fence. */
  readonly callTimeoutMs: number;
  readonly adopt: boolean;
  /** Of this program, e.g. v3.6.0. */
  readonly version: string;
  /** Takes the klog lines that spec 003 reads. */
  readonly eventLines: EventLines;
  /** Default `noPolicyFlags`. */
  readonly flags?: PolicyFlags;
  /** What runs once this process leads: `createControllers`. */
  readonly controllers: (deps: IpamdDeps) => readonly Controller[];
  readonly openCloud: (values: AddonValues, metrics: IpamdMetrics) => Promise<VpcCloud>;
  readonly health: ListenAddress;
  readonly metrics: ListenAddress;
  /** For tests; default `defaultTimings`. */
  readonly timings?: Partial<Timings>;
  readonly onListening?: (server: 'health' | 'metrics', port: number) => void;
}

/** A watch that ended silently would look healthy; a live one shows a bookmark at least every few minutes. */
const SILENT_MS = 15 * 60_000;

/**
 * Runs until `signal` aborts. Rejects with IPAMD-LEASE-TOO-SHORT when the fence could never open, with IPAMD-VALUES-INVALID when the add-on values cannot be used at start, and when a part cannot go on
 * or leadership was lost (see `runManager`).
 */
export async function runIpamd(options: IpamdOptions): Promise<void> {
  const { client, clock, logger, signal } = options;
  assertFenceable(options);
  const values = await readValuesAtStart(client, signal);
  if (options.adopt) await adoptObjects(client, logger, signal);
  const foreign = options.adopt ? [] : await findForeignObjects(client, logger, signal);
  const clusterUid = (await client.get(namespaces, objectNames.systemNamespace, { signal })).metadata.uid ?? '';
  const metrics = createIpamdMetrics();
  const { cloud, denials } = observeSubEniDenials(await options.openCloud(values, metrics));
  const watcher = createEniWatcher({ cloud, clock, logger });
  const elector = options.election === undefined ? undefined : electorOf(options, options.election);
  const recorder = createEventRecorder({ client, component: objectNames.ipamd, clock, logger });
  const deps = dependencies({ options, values, clusterUid, cloud, denials, watcher, elector, recorder, metrics });
  const readOnly = foreign.length > 0;
  const health = (): Health => healthOf(deps, { leads: elector?.holds(0) ?? true, readOnly });
  logger.info({ clusterUid, readOnly, paused: values.paused, vpc: values.vpcId }, 'ipamd starts');
  await runManager({
    informers: informerList(deps.informers),
    controllers: readOnly ? [createForeignInstallReport(deps, foreign)] : [...options.controllers(deps), part(watcher)],
    ...(elector === undefined ? {} : { elector }),
    servers: serversOf(options, health, metrics),
    clock,
    logger,
    signal,
  });
  await recorder.flush();
}

/** A lease that is over before the longest call would be, even right after a renewal is due, lets no call through (DESIGN, decision 4). */
function assertFenceable({ election, callTimeoutMs }: IpamdOptions): void {
  if (election === undefined || election.leaseDurationMs > callTimeoutMs + election.retryPeriodMs) return;
  const { leaseDurationMs, retryPeriodMs } = election;
  throw new TrunklineError(
    ipamdErrors.leaseTooShort,
    `flag --lease-duration=${leaseDurationMs}ms: expected more than --cloud-call-timeout (${callTimeoutMs}ms) and --retry-period (${retryPeriodMs}ms) together, or no cloud call would ever be sent`,
  );
}

function dependencies(parts: {
  readonly options: IpamdOptions;
  readonly values: AddonValues;
  readonly clusterUid: string;
  readonly cloud: VpcCloud;
  readonly denials: IpamdDeps['denials'];
  readonly watcher: EniWatcher;
  readonly elector: Elector | undefined;
  readonly recorder: IpamdDeps['recorder'];
  readonly metrics: IpamdMetrics;
}): IpamdDeps {
  const { options, cloud, elector } = parts;
  const { client, clock, logger, identity } = options;
  const informers = createIpamdInformers({ client, clock, logger });
  const settings = createSettings(parts.values);
  return {
    client,
    cloud,
    watcher: parts.watcher,
    recorder: parts.recorder,
    clock,
    logger,
    informers,
    settings,
    flags: options.flags ?? noPolicyFlags,
    subnets: createSubnetCache(cloud, clock),
    instances: createInstanceLookup(cloud, clock),
    permission: createSubEniPermission(clock),
    denials: parts.denials,
    tokens: createTokenEvidence(),
    enis: createWriteMemory(informers.vpcEnis),
    vips: createWriteMemory(informers.vpcIps),
    claims: createWriteMemory(informers.vpcIpClaims),
    eipClaims: createWriteMemory(informers.eipClaims),
    listings: createEniListings(),
    necs: createWriteMemory(informers.nodeEniConfigs),
    namespaces: createNamespaceHolds(client, informers.namespaces),
    missed: createMissedPods(),
    metrics: parts.metrics,
    observations: createEniObservations(cloud, clock),
    eventLines: options.eventLines,
    version: options.version,
    clusterUid: parts.clusterUid,
    identity,
    timings: { ...defaultTimings, ...options.timings },
    mutating: (priority, kind, signal) => ({
      priority,
      signal,
      fence: (callTimeoutMs) => settings.held(kind) === undefined && (elector?.holds(callTimeoutMs) ?? true),
    }),
  };
}

/** The times that only tests shorten. */
export const defaultTimings: Timings = {
  consistencyWindowMs: 2_000,
  lookAgainMs: 30_000,
  askInstanceMs: 30_000,
  eipLookMs: 400,
  stuckMs: 300_000,
  releaseRoundMs: RELEASE_INTERVAL_MS,
  namespaceIdleMs: 300_000,
  namespaceTellMs: 10_000,
  policyLabelLingerMs: 60_000,
  policyResyncMs: 300_000,
  policyStatusMs: 1_000,
  orphanIntervalMs: 600_000,
  orphanSpacingMs: 600_000,
};

function electorOf(options: IpamdOptions, election: LeaderElection): Elector {
  const { client, clock, logger, identity, callTimeoutMs } = options;
  return createElector({ client, clock, logger, identity, name: objectNames.ipamd, callTimeoutMs, ...election });
}

function part(watcher: EniWatcher): Pick<Controller, 'name' | 'run'> {
  return { name: 'eni-watcher', run: (signal) => watcher.run(signal) };
}

function serversOf(options: IpamdOptions, health: () => Health, metrics: IpamdMetrics): readonly ManagedServer[] {
  const { logger, onListening = () => undefined } = options;
  const listening = (name: 'health' | 'metrics') => (port: number) => onListening(name, port);
  return [
    createHttpServer({ name: 'health', listen: options.health, health, logger, onListening: listening('health') }),
    createHttpServer({
      name: 'metrics',
      listen: options.metrics,
      health,
      metrics,
      logger,
      onListening: listening('metrics'),
    }),
  ];
}

function healthOf(deps: IpamdDeps, state: { readonly leads: boolean; readonly readOnly: boolean }): Health {
  const silent = informerList(deps.informers)
    .filter((informer) => deps.clock.monotonicMs() - informer.lastActivityMs > SILENT_MS)
    .map((informer) => informer.resource.plural);
  const { paused } = deps.settings.current();
  return { ok: silent.length === 0, detail: { ...state, paused, ...(silent.length === 0 ? {} : { silent }) } };
}
