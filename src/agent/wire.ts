// Carrying out a wiring and taking it back, with the record on disk before the kernel is touched.
import { errorText, TrunklineError } from '../base/errors.ts';
import { agentErrors } from './errors.ts';
import { planRemoveLink } from './link-driver.ts';
import { planUnwire, planWire, type WirePlan } from './plan-wire.ts';
import { phaseTimer } from './phase-timer.ts';
import type { ServiceDeps } from './service-deps.ts';
import type { Wired } from './wired-store.ts';
import { isStrict, type Wiring } from './wiring.ts';

type WireDeps = Pick<
  ServiceDeps,
  'kernel' | 'store' | 'addresses' | 'routing' | 'clock' | 'metrics' | 'logger' | 'changed'
>;

/** Wires; when the kernel refuses, what is in the way is cleared and it is tried once more. Throws AGENT-KERNEL-REFUSED with nothing left behind. */
export async function wire(deps: WireDeps, record: Wired): Promise<void> {
  const { podIp } = record.wiring;
  // The kernel would take it, and keep everything that is sent to the Pod.
  if (await deps.kernel.hasAddress(podIp))
    throw new TrunklineError(
      agentErrors.kernel,
      `address ${podIp} of the Pod is on a device of the node: ip address show to ${podIp}`,
    );
  const told = phaseTimer(deps);
  await deps.store.put({ ...record, phase: 'wiring' });
  told('record');
  try {
    await carryOut(deps, record.wiring);
  } catch (error) {
    deps.logger.warn({ containerId: record.containerId, error: errorText(error) }, 'wiring failed; tried once more');
    await clear(deps, record.wiring);
    try {
      await carryOut(deps, record.wiring);
    } catch (again) {
      await unwire(deps, record);
      throw again;
    }
  }
  await deps.store.put({ ...record, phase: 'wired' });
  deps.changed(record.pod.uid);
}

async function carryOut(deps: WireDeps, wiring: Wiring): Promise<void> {
  const { kernel, routing } = deps;
  const told = phaseTimer(deps);
  // The record is in the store by now, so that the node knows of this Pod.
  if (isStrict(wiring)) await routing.settle();
  const plan = planWire(wiring);
  await kernel.ipBatch(plan.node);
  await filterSources(kernel, plan);
  told('node');
  await kernel.ipBatch(plan.pod, { netns: wiring.netns });
  told('pod');
}

/** By what a Pod may send: its own address, and no IPv6 while the data plane carries none. Safe to repeat. Throws AGENT-KERNEL-REFUSED. */
export async function filterSources(
  kernel: Pick<ServiceDeps['kernel'], 'setSysctl' | 'sysctl'>,
  { unfiltered, filtered, closedToIpv6 }: Pick<WirePlan, 'unfiltered' | 'filtered' | 'closedToIpv6'>,
): Promise<void> {
  for (const device of unfiltered) await kernel.setSysctl(`net/ipv4/conf/${device}/rp_filter`, '0');
  for (const device of filtered) await kernel.setSysctl(`net/ipv4/conf/${device}/rp_filter`, '1');
  // A kernel without IPv6 has no such switch.
  for (const name of closedToIpv6.map(ipv6SwitchOf))
    if ((await kernel.sysctl(name)) === '0') await kernel.setSysctl(name, '1');
}

/** `1` for a device that carries no IPv6. */
export const ipv6SwitchOf = (device: string): string => `net/ipv6/conf/${device}/disable_ipv6`;

/** Takes everything back and forgets the record. `keepLink`: a newer sandbox of the same Pod uses the sub-ENI. The device of a shared ENI always stays. */
export async function unwire(
  deps: WireDeps,
  record: Wired,
  options: { readonly keepLink?: boolean } = {},
): Promise<void> {
  const { linkDriver, wiring } = record;
  const stays = options.keepLink === true || wiring.kind === 'shared' || linkDriver === undefined;
  const link = stays ? [] : planRemoveLink(linkDriver, wiring.link);
  await clear(deps, record.wiring, link);
  // Until now the record told whose the address is; a Pod that lives keeps it for its next sandbox.
  if (wiring.kind === 'shared') await keepAddress(deps, record);
  await deps.store.remove(record.containerId);
  if (isStrict(record.wiring)) await giveBack(deps, record);
  deps.changed(record.pod.uid);
}

/** A full disk must not keep a sandbox from going: at worst, the Pod's next one has another address. */
async function keepAddress({ addresses, logger }: WireDeps, { containerId }: Wired): Promise<void> {
  try {
    await addresses.saved();
  } catch (error) {
    logger.error({ containerId, error: errorText(error) }, 'the address of a Pod cannot be recorded');
  }
}

/** The Pod is unwired, whatever the kernel says about what only its routing needed; the next change of a strict Pod tries again. */
async function giveBack({ routing, logger }: WireDeps, { containerId }: Wired): Promise<void> {
  try {
    await routing.settle();
  } catch (error) {
    logger.error(
      { containerId, error: errorText(error) },
      'what strict routing changed on the node cannot be given back',
    );
  }
}

async function clear({ kernel }: WireDeps, wiring: Wiring, more: readonly string[] = []): Promise<void> {
  await kernel.ipBatch([...planUnwire(wiring), ...more], { force: true });
  // Lines may fail because the thing is gone; the device tells that from a kernel that refuses.
  if (await kernel.hasLink(wiring.hostVeth))
    throw new TrunklineError(agentErrors.kernel, `ip link delete ${wiring.hostVeth}: the device is still there`);
}
