// VpcENI.status.use: which shared addresses Pods have, and the answer to what ipamd asks back. On disk first, then told.
import { isDeepStrictEqual } from 'node:util';
import { fieldManagers } from '../api/keys.ts';
import { type VpcEni, vpcEnis } from '../api/vpc-eni.ts';
import type { Clock } from '../base/clock.ts';
import { isNotFound } from '../kube/api-error.ts';
import { applyStatus } from '../kube/apply.ts';
import { rfc3339 } from '../kube/times.ts';
import type { Informer, KubeClient, ObjectKey } from '../kube/types.ts';
import type { AddressUse } from '../planning/address-pool.ts';
import { type AddressBook, answer, recovered, withoutOldRests } from './address-book.ts';
import { nodePools, poolOf } from './address-offers.ts';
import type { AddressStore } from './address-store.ts';
import { reHomed } from './re-home.ts';

export interface ReportUseDeps {
  readonly nodeName: string;
  readonly client: Pick<KubeClient, 'patch'>;
  readonly enis: Pick<Informer<VpcEni>, 'get' | 'list'>;
  readonly addresses: AddressStore;
  readonly clock: Clock;
}

/**
 * A reconcile by VpcENI name. What is given back is on disk before anybody hears of it, so that no later run of the agent hands it out
 * (DESIGN, decision 1).
 */
export async function reportUse(deps: ReportUseDeps, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const object = deps.enis.get(key);
  const own = object === undefined ? undefined : poolOf(object, deps.nodeName);
  if (own === undefined) return;
  let use: Answer | undefined;
  deps.addresses.change((book) => {
    const pools = nodePools(deps.enis.list(), deps.nodeName);
    const known = reHomed(own.use === undefined ? book : recovered(book, own.eni, own.use), pools);
    const answered = answer(own, known);
    use = answered.use;
    return sameOr(known, withoutOldRests(answered.book, pools));
  });
  await deps.addresses.saved();
  if (use === undefined || isTold(own.use, use)) return;
  try {
    await applyStatus(deps.client, vpcEnis, key, {
      fieldManager: fieldManagers.agent,
      status: { use: { ...use, observedAt: rfc3339(deps.clock.now()) } },
      // One that was made anew under the name has a pool of its own.
      uid: own.eni,
      signal,
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

type Answer = Omit<AddressUse, 'observedAt'>;

/** The book itself when nothing differs: no write to the disk, and nobody is woken. */
const sameOr = (before: AddressBook, after: AddressBook): AddressBook =>
  isDeepStrictEqual(before, after) ? before : after;

function isTold(recorded: AddressUse | undefined, use: Answer): boolean {
  if (recorded === undefined) return false;
  const { observedAt: _, ...told } = recorded;
  return isDeepStrictEqual(told, use);
}
