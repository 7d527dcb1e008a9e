// Plays the agents of computed nodes for shared addresses: hands them out to Pods, and answers what ipamd asks back.
import { fieldManagers } from '../../src/api/keys.ts';
import { vpcEnis } from '../../src/api/vpc-eni.ts';
import type { VpcEni } from '../../src/api/vpc-eni.ts';
import {
  type AddressBook,
  allocate,
  allocationOf,
  answer,
  emptyBook,
  freed,
  pick,
} from '../../src/agent/address-book.ts';
import type { Clock } from '../../src/base/clock.ts';
import { isNotFound } from '../../src/kube/api-error.ts';
import { applyStatus } from '../../src/kube/apply.ts';
import type { KubeClient } from '../../src/kube/types.ts';

export interface ComputedAddresses {
  /** The Pod's address, the same as long as it lives; undefined while none is free. */
  take(nodeName: string, podUid: string): string | undefined;
  /** The Pod is gone. */
  free(podUid: string): void;
  /** Reports the use of one ENI's addresses when there is news. */
  report(eni: VpcEni): Promise<void>;
}

export interface ComputedAddressesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** VpcENIs of a node, as the agents know them. */
  readonly enisOf: (nodeName: string) => readonly VpcEni[];
  /** How long an address rests after its Pod; default 0. */
  readonly restMs?: number;
  /** Told the VpcENI whose use changed. */
  readonly changed: (eniName: string) => void;
}

/** The books are in memory: a computed node never restarts. */
export function createComputedAddresses(options: ComputedAddressesOptions): ComputedAddresses {
  const { client, clock, restMs = 0 } = options;
  const books = new Map<string, AddressBook>();
  const bookOf = (nodeName: string): AddressBook => books.get(nodeName) ?? emptyBook;
  const tell = (nodeName: string, uid: string): void => {
    const name = options.enisOf(nodeName).find((eni) => eni.metadata.uid === uid)?.metadata.name;
    if (name !== undefined) options.changed(name);
  };
  return {
    take: (nodeName, podUid) => {
      const own = allocationOf(bookOf(nodeName), podUid);
      if (own !== undefined) return own.ip;
      const views = options.enisOf(nodeName).flatMap((eni) => {
        const { pool, phase } = eni.status ?? {};
        return pool === undefined || phase !== 'Ready' ? [] : [{ eni: eni.metadata.uid ?? '', pool }];
      });
      const picked = pick(views, bookOf(nodeName), clock.now().getTime(), restMs);
      if (!picked.ok) return undefined;
      books.set(nodeName, allocate(bookOf(nodeName), picked.eni, picked.ip, podUid));
      tell(nodeName, picked.eni);
      return picked.ip;
    },
    free: (podUid) => {
      for (const [nodeName, book] of books) {
        const own = allocationOf(book, podUid);
        if (own === undefined) continue;
        books.set(nodeName, freed(book, podUid, clock.now().getTime()));
        tell(nodeName, own.eni);
      }
    },
    report: async (eni) => {
      const { nodeName } = eni.spec;
      const { pool, use: known } = eni.status ?? {};
      if (pool === undefined) return;
      const told = answer({ eni: eni.metadata.uid ?? '', pool }, bookOf(nodeName));
      books.set(nodeName, told.book);
      if (told.use === undefined || sameUse(told.use, known)) return;
      const use = { ...told.use, observedAt: clock.now().toISOString() };
      try {
        await applyStatus(client, vpcEnis, eni.metadata.name, { fieldManager: fieldManagers.agent, status: { use } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

type Use = NonNullable<NonNullable<VpcEni['status']>['use']>;

function sameUse(next: Omit<Use, 'observedAt'>, known: Use | undefined): boolean {
  if (known === undefined) return false;
  const text = ({ generation, inUse, released, refused }: Omit<Use, 'observedAt'>): string =>
    JSON.stringify([
      generation,
      inUse.map(({ ip, podUID }) => [ip, podUID]),
      released.map((mark) => [mark.ip, mark.generation]),
      refused,
    ]);
  return text(next) === text(known);
}
