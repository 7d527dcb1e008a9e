// The groups that the cloud was last seen to show on each ENI: fed by complete listings, asked in batches, told when they changed.
import type { Clock } from '../base/clock.ts';
import type { CallPriority, Eni, VpcCloud } from '../cloud/vpc-cloud.ts';

/** What a listing shows of one ENI. */
export interface ListedGroups {
  readonly eniId: string;
  readonly groups: readonly string[];
}

export interface EniObservations {
  /** As last seen, in order; `undefined` when this process has not seen the ENI. */
  groups(eniId: string): readonly string[] | undefined;
  /** Asks the cloud now, together with whoever else asks in this moment; `undefined` when it shows no such ENI. Throws CloudError. */
  look(eniId: string, priority: CallPriority): Promise<Eni | undefined>;
  /** Everything that a complete listing showed; `beganAtMs` (monotonic) lets a newer look win. ENIs that nobody looked at are not kept. */
  feed(listed: readonly ListedGroups[], beganAtMs: number): void;
  forget(eniId: string): void;
  /** Told when an ENI is seen with other groups than before. */
  onChange(handler: (eniId: string) => void): () => void;
}

interface Seen {
  readonly groups: readonly string[];
  readonly atMs: number;
}

interface Waiter {
  readonly answer: PromiseWithResolvers<Eni | undefined>;
  priority: CallPriority;
}

const BATCH = 100;
/** Long enough for the reconciles of one turn to meet, short against a round trip. */
const GATHER_MS = 2;
const PRIORITIES: readonly CallPriority[] = ['waiting-pod', 'release', 'warm', 'collect'];

/** Empty. */
export function createEniObservations(cloud: Pick<VpcCloud, 'describeEnis'>, clock: Clock): EniObservations {
  const seen = new Map<string, Seen>();
  const handlers = new Set<(eniId: string) => void>();
  let waiting = new Map<string, Waiter>();

  const note = (eniId: string, groups: readonly string[], atMs: number): void => {
    const before = seen.get(eniId);
    seen.set(eniId, { groups, atMs });
    if (before === undefined || before.groups.join() === groups.join()) return;
    for (const handler of handlers) handler(eniId);
  };
  const ask = async (batch: ReadonlyMap<string, Waiter>): Promise<void> => {
    const beganAtMs = clock.monotonicMs();
    const priority = PRIORITIES.find((each) => [...batch.values()].some((waiter) => waiter.priority === each));
    try {
      const enis = await cloud.describeEnis({ eniIds: [...batch.keys()] }, priority === undefined ? {} : { priority });
      const byId = new Map(enis.map((eni) => [eni.eniId, eni]));
      for (const [eniId, { answer }] of batch) {
        const eni = byId.get(eniId);
        if (eni === undefined) seen.delete(eniId);
        else note(eniId, eni.securityGroups, beganAtMs);
        answer.resolve(eni);
      }
    } catch (error) {
      for (const { answer } of batch.values()) answer.reject(error);
    }
  };
  const leave = (): void => {
    const batch = waiting;
    waiting = new Map();
    if (batch.size > 0) void ask(batch);
  };
  return {
    groups: (eniId) => seen.get(eniId)?.groups,
    look: (eniId, priority) => {
      const together = waiting.get(eniId);
      if (together !== undefined) {
        if (PRIORITIES.indexOf(priority) < PRIORITIES.indexOf(together.priority)) together.priority = priority;
        return together.answer.promise;
      }
      if (waiting.size === 0) clock.after(GATHER_MS, leave);
      const answer = Promise.withResolvers<Eni | undefined>();
      waiting.set(eniId, { answer, priority });
      if (waiting.size >= BATCH) leave();
      return answer.promise;
    },
    feed: (listed, beganAtMs) => {
      for (const { eniId, groups } of listed) {
        const known = seen.get(eniId);
        if (known !== undefined && known.atMs < beganAtMs) note(eniId, groups, beganAtMs);
      }
    },
    forget: (eniId) => void seen.delete(eniId),
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
}
