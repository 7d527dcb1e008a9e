// DEL, CHECK, STATUS and GC: all of them from local state alone, so that they work while the Kubernetes API is down.
import { podOf } from '../cni/args.ts';
import type { CniCall } from '../cni/call.ts';
import { cniCodes, CniError } from '../cni/error.ts';
import { parseNetConfFor } from '../cni/net-conf.ts';
import { addressesIn } from '../cni/result.ts';
import type { KernelRoute } from './kernel.ts';
import { localRules } from './plan-local-rule.ts';
import { planRuleRepair } from './plan-rules.ts';
import { lockKey, podKey, type ServiceDeps } from './service-deps.ts';
import { unwire } from './wire.ts';
import type { Wired } from './wired-store.ts';
import { isStrict, preferences, tableOf, type Wiring } from './wiring.ts';
import { uplinkOf } from './uplink.ts';

type Attached = Pick<CniCall, 'containerId' | 'ifName'>;

/**
 * Succeeds for an attachment that is unknown or deleted already, and for an interface of the container that is not ours. A late call for an old
 * sandbox finds no record, so the new one is not touched.
 */
export async function del(deps: ServiceDeps, call: Attached & Pick<CniCall, 'args'>): Promise<void> {
  const key = deps.store.get(call.containerId)?.pod.uid ?? keyOfCall(call);
  await deps.lock.hold(key, async () => {
    // Read again: an ADD of this container may have ended while we waited.
    const uid = deps.store.get(call.containerId)?.pod.uid;
    if (uid === undefined || uid === key) return unwireContainer(deps, call);
    await deps.lock.hold(uid, () => unwireContainer(deps, call));
  });
}

async function unwireContainer(deps: ServiceDeps, { containerId, ifName }: Attached): Promise<void> {
  const record = deps.store.get(containerId);
  if (record?.wiring.ifName !== ifName) return;
  await unwire(deps, record);
  deps.logger.info({ containerId, pod: podKey(record.pod), ip: record.wiring.podIp }, 'Pod unwired');
}

/** Arguments that cannot be read must not keep a sandbox from going; without a Pod the container is its own key. */
function keyOfCall({ args, containerId }: Pick<CniCall, 'containerId' | 'args'>): string {
  try {
    const pod = podOf(args);
    return pod === undefined ? containerId : lockKey(pod);
  } catch {
    return containerId;
  }
}

/** Throws CniError 3 for an unknown attachment, 7 when the result of its ADD is another one, and 101 naming what is missing in the kernel. */
export async function check(deps: ServiceDeps, call: CniCall): Promise<void> {
  const { prevResult } = parseNetConfFor('CHECK', call.stdin);
  const record = deps.store.get(call.containerId);
  if (record?.phase !== 'wired' || record.wiring.ifName !== call.ifName)
    throw new CniError(
      cniCodes.unknownContainer,
      `container ${call.containerId} is not wired on this node as ${call.ifName}`,
    );
  const told = addressesIn(prevResult);
  if (told !== undefined && !told.includes(`${record.wiring.podIp}/32`))
    throw new CniError(
      cniCodes.invalidConfiguration,
      `prevResult has the addresses ${told.join(', ')}; container ${call.containerId} has ${record.wiring.podIp}/32`,
      'expected the result of its ADD',
    );
  const missing = await whatIsMissing(deps, record);
  if (missing !== undefined)
    throw new CniError(cniCodes.kernel, `container ${call.containerId}: ${missing}`, 'delete the Pod to wire it anew');
}

async function whatIsMissing({ kernel }: ServiceDeps, { wiring }: Wired): Promise<string | undefined> {
  const links = await kernel.links();
  const uplink = uplinkOf(wiring, links);
  for (const device of [wiring.hostVeth, uplink]) {
    const link = links.find(({ ifname }) => ifname === device);
    if (link === undefined) return `the node has no device ${device}`;
    if (!link.flags.includes('UP')) return `the node's device ${device} is down`;
  }
  const rules = await kernel.rules();
  const rule = planRuleRepair([wiring], rules).missing[0];
  if (rule !== undefined) return `the node has no rule ${rule}`;
  const before = localRules(rules).find((preference) => preference <= preferences.fromLink);
  if (isStrict(wiring) && before !== undefined)
    return `the rule from all lookup local stands at ${before}, before the rules of this Pod with strict routing`;
  const route = missingRoute(wiring, uplink, await kernel.routes());
  if (route !== undefined) return `the node has no route ${route}`;
  const addresses = await kernel.addresses(wiring.ifName, { netns: wiring.netns });
  return addresses.includes(wiring.podIp) ? undefined : `${wiring.ifName} of the Pod does not hold ${wiring.podIp}`;
}

/** In the words of a person who looks for it with `ip route`. */
export function missingRoute(wiring: Wiring, uplink: string, routes: readonly KernelRoute[]): string | undefined {
  const table = String(tableOf(wiring));
  const toPod = { text: `${wiring.podIp}/32`, dst: wiring.podIp, dev: wiring.hostVeth };
  const wanted = [
    ...(isStrict(wiring) ? [] : [{ ...toPod, table: 'main' }]),
    ...(wiring.kind === 'shared' ? [] : [{ ...toPod, table }]),
    { text: 'default', dst: 'default', dev: uplink, table },
  ];
  const missing = wanted.find(
    (want) =>
      !routes.some(({ dst, dev, table: found }) => dst === want.dst && dev === want.dev && found === want.table),
  );
  return missing === undefined ? undefined : `${missing.text} dev ${missing.dev} table ${missing.table}`;
}

/** Throws CniError 50 while an ADD could not be served. */
export function status(deps: ServiceDeps, call: CniCall): void {
  parseNetConfFor('STATUS', call.stdin);
  if (!deps.node.ready)
    throw new CniError(cniCodes.notAvailable, `node ${deps.nodeName} takes no Pods yet: ${deps.node.offer.message}`);
}

/** Unwires every record that the runtime does not list as valid. A list that is absent deletes nothing. */
export async function collect(deps: ServiceDeps, call: CniCall): Promise<void> {
  const valid = parseNetConfFor('GC', call.stdin)['cni.dev/valid-attachments'];
  if (valid === undefined)
    throw new CniError(
      cniCodes.invalidConfiguration,
      'GC needs cni.dev/valid-attachments in the network configuration',
    );
  const nameOf = (containerId: string, ifName: string): string => `${containerId}/${ifName}`;
  const kept = new Set(valid.map(({ containerID, ifname }) => nameOf(containerID, ifname)));
  // Taken before anything waits: what an ADD makes meanwhile is not in the runtime's list yet.
  const doomed = deps.store
    .list()
    .filter(({ containerId, phase, wiring }) => phase === 'wired' && !kept.has(nameOf(containerId, wiring.ifName)));
  for (const { containerId, wiring } of doomed) await del(deps, { containerId, ifName: wiring.ifName, args: '' });
}
