// The network of a Pod without a sub-ENI: a free address of the node's pool, taken in memory and on disk, without asking anybody.
import { sharedAddressesCondition } from '../api/node-eni-config.ts';
import { TrunklineError } from '../base/errors.ts';
import { abortable } from '../kube/abortable.ts';
import { type AddressBook, allocate, freed, pick, type Picked, recovered } from './address-book.ts';
import { type AddressOffers, type NodePool, nodePools } from './address-offers.ts';
import type { Attachment, AttachRequest } from './attachment.ts';
import { agentErrors } from './errors.ts';
import type { PluggedEni } from './node-enis.ts';
import { reHomed } from './re-home.ts';
import { podKey, type ServiceDeps } from './service-deps.ts';
import { waitUntil } from './wait-until.ts';
import { unwire } from './wire.ts';

interface Taken {
  readonly ip: string;
  readonly vpcEniUID: string;
  readonly eni: PluggedEni;
}

/**
 * The address belongs to the Pod's UID: every sandbox of it gets the same one. Undefined once the cluster is in static mode, where nothing is
 * taken from a pool. Rejects with the signal's reason, or with AGENT-NETWORK-UNSUPPORTED when the node never shares addresses.
 */
export async function attachShared(asked: AttachRequest): Promise<Attachment | undefined> {
  const { deps, wanted, uid, ends, signal, tell } = asked;
  await abortable(deps.configs.synced, signal);
  await dropLost(deps, uid);
  const found = await waitUntil<Taken | undefined>(
    deps.clock,
    wakeUps(deps),
    () => {
      if (isStaticMode(deps)) return { done: undefined };
      const never = whyNever(deps);
      if (never !== undefined)
        throw new TrunklineError(
          agentErrors.networkUnsupported,
          `Pod ${podKey(wanted)} asks for a shared address, and node ${deps.nodeName} has none to give: ${never}`,
        );
      const taken = take(deps, uid);
      if ('eni' in taken) return { done: taken };
      tell(taken.waitingFor);
      return { againAfterMs: taken.againAfterMs };
    },
    signal,
  );
  if (found === undefined) return undefined;
  const { ip, vpcEniUID, eni } = found;
  // The record of the wiring is on disk before the kernel has the address, and the book is made whole from it at the next start.
  deps.addresses.setName(uid, wanted);
  return {
    wiring: {
      kind: 'shared',
      ...ends,
      podIp: ip,
      eniMac: eni.mac,
      gateway: eni.gateway,
      vpcEniUID,
      index: eni.index,
      link: eni.device,
    },
  };
}

/** ipamd says that the node shares no addresses, whatever happens to its pool. */
function whyNever(deps: ServiceDeps): string | undefined {
  const { routeENI } = deps.configs.get(deps.nodeName)?.status ?? {};
  return routeENI?.quota === 0 ? routeENI.reason : undefined;
}

/** ipamd says so on the node's nec: every ordinary Pod gets an address of its own, chosen by ipamd. */
export function isStaticMode({ configs, nodeName }: Pick<ServiceDeps, 'configs' | 'nodeName'>): boolean {
  const { type, staticMode } = sharedAddressesCondition;
  const { conditions = [] } = configs.get(nodeName)?.status ?? {};
  return conditions.some((condition) => condition.type === type && condition.reason === staticMode);
}

type Attempt = Taken | { readonly waitingFor: string; readonly againAfterMs: number | undefined };

/** Decides and takes without a pause in between, so that no two calls take the same address. */
function take(deps: ServiceDeps, uid: string): Attempt {
  const { addresses, nodeName, enis, node } = deps;
  const objects = enis.list();
  const pools = nodePools(objects, nodeName);
  if (hasStranger(deps, pools)) addresses.change((book) => reHomed(book, pools));
  for (const { eni, use } of pools) if (use !== undefined) addresses.change((book) => recovered(book, eni, use));
  const offers = addresses.offers(objects, node.offer.enis, nodeName);
  const own = addresses.holders.ofPod(uid);
  if (own !== undefined && isListed(pools, addresses.book, own)) {
    const eni = offers.devices.get(own.eni);
    if (eni !== undefined) return { ip: own.ip, vpcEniUID: own.eni, eni };
    return { waitingFor: `the ENI of its address ${own.ip} is not plugged into the node`, againAfterMs: undefined };
  }
  const nowMs = deps.restNowMs();
  if (own !== undefined) {
    // Never free what the kernel still has.
    if (deps.store.ofPod(uid).length > 0)
      return { waitingFor: `a sandbox with its lost address ${own.ip} is still wired`, againAfterMs: undefined };
    deps.logger.warn({ podUID: uid, ip: own.ip }, 'the address of a Pod is not on its ENI any more; it gets another');
    addresses.change((book) => freed(book, uid, nowMs));
  }
  const picked = pick(offers.views, addresses.book, nowMs, deps.addressRestMs);
  const eni = picked.ok ? offers.devices.get(picked.eni) : undefined;
  if (!picked.ok || eni === undefined)
    return { waitingFor: whyNone(deps, offers, picked), againAfterMs: untilRested(picked, nowMs) };
  addresses.change((book) => allocate(book, picked.eni, picked.ip, uid));
  return { ip: picked.ip, vpcEniUID: picked.eni, eni };
}

/** Takes older sandboxes back whose address ipamd lists no more, before the address is given up: it may come back for another Pod. */
async function dropLost(deps: ServiceDeps, uid: string): Promise<void> {
  const pools = nodePools(deps.enis.list(), deps.nodeName);
  const { addresses } = deps;
  if (addresses.holders.ofPod(uid) === undefined) return;
  if (hasStranger(deps, pools)) addresses.change((book) => reHomed(book, pools));
  const own = addresses.holders.ofPod(uid);
  if (own === undefined || isListed(pools, addresses.book, own)) return;
  for (const older of deps.store.ofPod(uid)) await unwire(deps, older);
}

/** Some address is held on a VpcENI that does not exist any more. */
function hasStranger({ addresses }: Pick<ServiceDeps, 'addresses'>, pools: readonly NodePool[]): boolean {
  for (const eni of addresses.holders.enis) if (!pools.some((pool) => pool.eni === eni)) return true;
  return false;
}

/** A view of the pool that is older than one answered before says nothing about it. */
const isListed = (
  pools: readonly NodePool[],
  book: AddressBook,
  own: { readonly ip: string; readonly eni: string },
): boolean =>
  pools.some(
    ({ eni, pool }) =>
      eni === own.eni &&
      (pool.generation < (book.enis[eni]?.generation ?? 0) || pool.addresses.some(({ ip }) => ip === own.ip)),
  );

const untilRested = (picked: Picked, nowMs: number): number | undefined =>
  picked.ok || picked.restedAtMs === undefined ? undefined : picked.restedAtMs - nowMs;

/** For the person who reads the Pod's events: how many there are, where they are, and what the pool is about to do. */
function whyNone({ nodeName, node, configs }: ServiceDeps, { problems }: AddressOffers, picked: Picked): string {
  const about = `no shared address is free on node ${nodeName}`;
  const { routeENI, conditions = [] } = configs.get(nodeName)?.status ?? {};
  const obstacle = conditions.find(({ type, status }) => type === sharedAddressesCondition.type && status === 'False');
  const more = [...problems, obstacle?.message ?? routeENI?.target ?? ''].filter((text) => text !== '');
  if (picked.ok || picked.listed === 0) {
    const why = node.offer.enis.length === 0 ? node.offer.message : 'ipamd has listed none yet';
    return [`${about}: ${why}`, ...more].join('; ');
  }
  const { listed, inUse, resting, givenBack } = picked;
  const parts = [
    `${inUse} of ${listed} in use`,
    ...(resting === 0 ? [] : [`${resting} resting`]),
    ...(givenBack === 0 ? [] : [`${givenBack} given back`]),
  ];
  return [`${about}: ${parts.join(', ')}`, ...more].join('; ');
}

/** What may make a waiting call succeed; its neighbours' allocations cannot, and there may be many of those. */
function wakeUps({ enis, configs, node, addresses }: ServiceDeps): readonly ((tell: () => void) => () => void)[] {
  return [
    (tell) =>
      enis.onChange(({ before, after }) => {
        if ((after ?? before)?.spec.type !== 'SubENI') tell();
      }),
    (tell) => configs.onChange(tell),
    (tell) => node.onChange(tell),
    (tell) => addresses.onFreed(tell),
  ];
}
