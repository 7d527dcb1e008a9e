// The kernel against what was wired, on a slow timer: what others broke is put right, and sandboxes that ended without a DEL are unwired.
import { errorText } from '../base/errors.ts';
import { createController } from '../kube/controller.ts';
import type { Controller, KubeClient, ReconcileResult } from '../kube/types.ts';
import { missingRoute } from './commands.ts';
import type { KernelLink, KernelRoute } from './kernel.ts';
import type { KernelRule } from './plan-rules.ts';
import { foreignRules, planRuleRepair } from './plan-rules.ts';
import { planWire, routesOf } from './plan-wire.ts';
import { isOver } from './pod-over.ts';
import { podKey, type ServiceDeps } from './service-deps.ts';
import { findUnrecorded, tellUnrecorded, type UnrecordedPod } from './unrecorded-pods.ts';
import { uplinkOf } from './uplink.ts';
import { filterSources, ipv6SwitchOf, unwire } from './wire.ts';
import type { Wired } from './wired-store.ts';
import type { Wiring } from './wiring.ts';

const REPAIR_MS = 60_000;
/** A Pod that the API knows no more has this long to end by a DEL; force-deleted ones run on for their grace period. */
export const VANISHED_MS = 10 * 60_000;

export type RepairDeps = Pick<
  ServiceDeps,
  'pods' | 'store' | 'addresses' | 'lock' | 'kernel' | 'routing' | 'clock' | 'metrics' | 'logger' | 'changed'
> & { readonly client: Pick<KubeClient, 'get'> };

export interface KernelRepair {
  readonly controller: Controller;
  /** One round. Resolves when everything that can be put right is. */
  round(signal: AbortSignal): Promise<ReconcileResult>;
  /** As the last round saw them; for people. */
  readonly foreignRules: readonly string[];
}

/** Never touches what is not ours, and nothing of a Pod that is being wired or unwired. */
export function createKernelRepair(deps: RepairDeps): KernelRepair {
  let foreign: readonly string[] = [];
  let unrecorded: readonly UnrecordedPod[] = [];
  /** By container: since when the API has known no Pod for it, on the monotonic clock. */
  const vanishedSince = new Map<string, number>();

  const round = async (signal: AbortSignal): Promise<ReconcileResult> => {
    const { store, kernel, metrics, logger } = deps;
    const links = await kernel.links();
    await forgetLost(deps, links);
    const rules = await kernel.rules();
    const routes = await kernel.routes();
    // The records after the rules: a rule that is being made has its record already.
    const wirings = store.list().map(({ wiring }) => wiring);
    unrecorded = tellUnrecorded(logger, await findUnrecorded(kernel, wirings, { links, routes }), unrecorded);
    const { leftOver } = planRuleRepair(wirings, rules, unrecorded);
    if (leftOver.length > 0) logger.warn({ rules: leftOver }, 'policy rules of nobody are removed');
    await kernel.ipBatch(
      leftOver.map((rule) => `rule del ${rule}`),
      { force: true },
    );
    metrics.repairs.inc({ kind: 'rule-removed' }, leftOver.length);
    for (const record of store.list())
      if (await isBroken(deps, record, { links, rules, routes })) await repairOne(deps, record);
    foreign = tellForeign(deps, foreignRules(rules), foreign);
    await unwireVanished(deps, vanishedSince, signal);
    return { requeueAfterMs: REPAIR_MS };
  };
  return {
    round,
    get foreignRules() {
      return foreign;
    },
    controller: createController({
      name: 'kernel-repair',
      clock: deps.clock,
      logger: deps.logger,
      watches: [],
      sources: [(enqueue) => enqueue('node')],
      reconcile: (_, { signal }) => round(signal),
    }),
  };
}

/** The sandbox as it is now, with nobody else at it; nothing when it is gone or another one meanwhile. */
async function withRecord(
  { lock, store }: Pick<RepairDeps, 'lock' | 'store'>,
  { pod, containerId, sequence }: Wired,
  work: (record: Wired) => Promise<void>,
): Promise<void> {
  await lock.hold(pod.uid, async () => {
    const now = store.get(containerId);
    if (now?.phase === 'wired' && now.sequence === sequence) await work(now);
  });
}

/** Its network namespace is gone, and took the device along: the runtime crashed, and its DEL will never come. */
async function forgetLost(deps: RepairDeps, links: readonly KernelLink[]): Promise<void> {
  const present = new Set(links.map(({ ifname }) => ifname));
  for (const record of deps.store.list())
    if (!present.has(record.wiring.hostVeth))
      await withRecord(deps, record, async (now) => {
        if (await deps.kernel.hasLink(now.wiring.hostVeth)) return;
        deps.logger.warn({ containerId: now.containerId }, 'the device of a sandbox is gone; its record is dropped');
        await unwire(deps, now);
        deps.metrics.repairs.inc({ kind: 'sandbox-forgotten' });
      });
}

interface Seen {
  readonly links: readonly KernelLink[];
  readonly rules: readonly KernelRule[];
  readonly routes: readonly KernelRoute[];
}

/** From one look at the kernel for all Pods: it may be older than the sandbox, which costs a second look and nothing else. */
async function isBroken({ kernel }: RepairDeps, { wiring }: Wired, seen: Seen): Promise<boolean> {
  const uplink = uplinkOf(wiring, seen.links);
  if (planRuleRepair([wiring], rulesAbout(wiring, seen.rules)).missing.length > 0) return true;
  if (missingRoute(wiring, uplink, seen.routes) !== undefined) return true;
  const { filtered, closedToIpv6 } = planWire(wiring);
  for (const device of filtered) if ((await kernel.sysctl(`net/ipv4/conf/${device}/rp_filter`)) === '0') return true;
  for (const name of closedToIpv6.map(ipv6SwitchOf)) if ((await kernel.sysctl(name)) === '0') return true;
  return false;
}

/** The few among hundreds that can be a Pod's. */
const rulesAbout = ({ podIp, link, hostVeth }: Wiring, rules: readonly KernelRule[]): readonly KernelRule[] =>
  rules.filter(({ src, dst, iif }) => src === podIp || dst === podIp || iif === link || iif === hostVeth);

async function repairOne(deps: RepairDeps, record: Wired): Promise<void> {
  const { kernel, logger, metrics } = deps;
  await withRecord(deps, record, async ({ containerId, wiring: recorded }) => {
    const wiring = { ...recorded, link: uplinkOf(recorded, await kernel.links()) };
    try {
      await kernel.ipBatch(routesOf(wiring));
      await filterSources(kernel, planWire(wiring));
      metrics.repairs.inc({ kind: 'routes' });
    } catch (error) {
      // An ENI was detached under it: CHECK tells about it, the others are looked after.
      logger.error({ containerId, error: errorText(error) }, 'routes of a wired Pod cannot be repaired');
    }
    const { missing } = planRuleRepair([wiring], await kernel.rules());
    if (missing.length === 0) return;
    logger.warn({ containerId, rules: missing }, 'policy rules of a wired Pod were gone and are put back');
    await kernel.ipBatch(missing.map((rule) => `rule add ${rule}`));
    metrics.repairs.inc({ kind: 'rule-added' }, missing.length);
  });
}

function tellForeign(
  { metrics, logger }: RepairDeps,
  now: readonly string[],
  before: readonly string[],
): readonly string[] {
  metrics.foreignRules.set(now.length);
  if (now.join('\n') !== before.join('\n'))
    logger.warn({ rules: now }, 'policy rules of others stand at preferences of the agent; they are left alone');
  return now;
}

/** By the server's own word, since a watch may lag; while that does not answer, everything stays. */
async function unwireVanished(deps: RepairDeps, since: Map<string, number>, signal: AbortSignal): Promise<void> {
  const { store, pods, clock, logger, metrics } = deps;
  const nowMs = clock.monotonicMs();
  for (const record of store.list()) {
    const { containerId, pod } = record;
    if (pods.get(podKey(pod))?.metadata.uid === pod.uid || !(await isGone(deps, pod, signal))) {
      since.delete(containerId);
      continue;
    }
    const firstMs = since.get(containerId) ?? nowMs;
    since.set(containerId, firstMs);
    if (nowMs - firstMs < VANISHED_MS) continue;
    await withRecord(deps, record, async (now) => {
      logger.warn({ containerId, pod: podKey(pod) }, 'a Pod is gone and no DEL came for its sandbox; it is unwired');
      await unwire(deps, now);
      metrics.repairs.inc({ kind: 'pod-vanished' });
    });
  }
  for (const containerId of since.keys()) if (store.get(containerId) === undefined) since.delete(containerId);
}

async function isGone(deps: RepairDeps, pod: Wired['pod'], signal: AbortSignal): Promise<boolean> {
  try {
    return await isOver(deps, pod, signal);
  } catch (error) {
    signal.throwIfAborted();
    deps.logger.warn({ pod: podKey(pod), error: errorText(error) }, 'the API does not say whether a Pod is gone');
    return false;
  }
}
