// Before the first call is served: recorded deletions, half-done wirings taken back, rules and routes of wired Pods repaired.
import { errorText } from '../base/errors.ts';
import type { KernelLink } from './kernel.ts';
import { planRuleRepair } from './plan-rules.ts';
import { planWire, routesOf } from './plan-wire.ts';
import { restsFromNow } from './rest-clock.ts';
import type { ServiceDeps } from './service-deps.ts';
import { findUnrecorded, tellUnrecorded } from './unrecorded-pods.ts';
import { uplinkOf } from './uplink.ts';
import { filterSources, unwire } from './wire.ts';
import type { Wired } from './wired-store.ts';

/** Needs no Kubernetes API. `processTombstones` runs first: what the runtime deleted is not repaired. */
export async function startUp(deps: ServiceDeps, processTombstones: () => Promise<void>): Promise<void> {
  await deps.store.load();
  await deps.addresses.load(deps.store.list());
  deps.addresses.change((book) => restsFromNow(book, deps.restNowMs()));
  await saveAddresses(deps);
  await processTombstones();
  for (const record of deps.store.list()) if (record.phase === 'wiring') await unwire(deps, record);
  await forgetLostSandboxes(deps);
  // A crash may have left two rules of `local`, or a reboot the kernel's own.
  await deps.routing.settle();
  await repairRules(deps);
  const links = await deps.kernel.links();
  for (const record of deps.store.list()) await repairRoutes(deps, record, links);
}

/** A full disk must not keep Pods from being served: what the book lacks on disk is in the records of the wirings, and the next change writes it. */
async function saveAddresses({ addresses, logger }: ServiceDeps): Promise<void> {
  try {
    await addresses.saved();
  } catch (error) {
    logger.error({ error: errorText(error) }, 'the address book cannot be written; the next change tries again');
  }
}

/** After a reboot the files are there and the kernel is empty: a sandbox whose device is gone comes back as a new one. */
async function forgetLostSandboxes(deps: ServiceDeps): Promise<void> {
  const present = new Set((await deps.kernel.links()).map(({ ifname }) => ifname));
  for (const record of deps.store.list()) {
    if (present.has(record.wiring.hostVeth)) continue;
    deps.logger.info({ containerId: record.containerId }, 'the device of a sandbox is gone; its record is dropped');
    await unwire(deps, record);
  }
}

async function repairRules(deps: ServiceDeps): Promise<void> {
  const { kernel, logger } = deps;
  const wirings = deps.store.list().map(({ wiring }) => wiring);
  const seen = { links: await kernel.links(), routes: await kernel.routes() };
  const unrecorded = tellUnrecorded(logger, await findUnrecorded(kernel, wirings, seen));
  const { missing, leftOver } = planRuleRepair(wirings, await kernel.rules(), unrecorded);
  if (missing.length + leftOver.length > 0) logger.warn({ missing, leftOver }, 'policy rules repaired');
  // Added first: a rule that takes another's place must not leave a gap.
  await kernel.ipBatch([...missing.map((rule) => `rule add ${rule}`), ...leftOver.map((rule) => `rule del ${rule}`)], {
    force: true,
  });
}

async function repairRoutes(deps: ServiceDeps, record: Wired, links: readonly KernelLink[]): Promise<void> {
  const { containerId } = record;
  const wiring = { ...record.wiring, link: uplinkOf(record.wiring, links) };
  try {
    await deps.kernel.ipBatch([`link set ${wiring.link} up`, `link set ${wiring.hostVeth} up`, ...routesOf(wiring)]);
    await filterSources(deps.kernel, planWire(wiring));
  } catch (error) {
    // One Pod whose ENI was pulled out must not keep the others from being served; CHECK tells about it.
    deps.logger.error({ containerId, error: errorText(error) }, 'routes of a wired Pod cannot be repaired');
  }
}
