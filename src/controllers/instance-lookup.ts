// Instances by id with few reads: ids asked within a moment, or while a describe is under way, go in one, and an answer is believed for a while.
import type { Clock } from '../base/clock.ts';
import type { Instance, VpcCloud } from '../cloud/vpc-cloud.ts';

export interface InstanceLookup {
  /** The instance as the cloud told it at most `maxAgeMs` ago; `undefined` when it knows none of this id. Throws CloudError. */
  get(instanceId: string, maxAgeMs: number): Promise<Instance | undefined>;
}

interface Answer {
  readonly at: number;
  readonly instance: Promise<Instance | undefined>;
}

const BATCH = 100;
/** Long enough for the reconciles of one turn to meet, short against a round trip. */
const GATHER_MS = 2;

/** Remembers one answer per id that was ever asked. */
export function createInstanceLookup(cloud: Pick<VpcCloud, 'describeInstances'>, clock: Clock): InstanceLookup {
  const answers = new Map<string, Answer>();
  let waiting = new Map<string, PromiseWithResolvers<Instance | undefined>>();
  let isUnderWay = false;

  const flush = async (batch: ReadonlyMap<string, PromiseWithResolvers<Instance | undefined>>): Promise<void> => {
    try {
      const found = await cloud.describeInstances({ instanceIds: [...batch.keys()] }, { priority: 'warm' });
      const byId = new Map(found.map((instance) => [instance.instanceId, instance]));
      for (const [instanceId, waiter] of batch) waiter.resolve(byId.get(instanceId));
    } catch (error) {
      for (const [instanceId, waiter] of batch) {
        answers.delete(instanceId);
        waiter.reject(error);
      }
    }
  };
  const leave = async (): Promise<void> => {
    // Nodes that join one after the other would otherwise cost a call each, and wait for the limit of calls.
    if (isUnderWay || waiting.size === 0) return;
    isUnderWay = true;
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, BATCH);
      waiting = new Map([...waiting].slice(BATCH));
      await flush(new Map(batch));
    }
    isUnderWay = false;
  };
  return {
    get: (instanceId, maxAgeMs) => {
      const known = answers.get(instanceId);
      if (known !== undefined && clock.monotonicMs() - known.at <= maxAgeMs) return known.instance;
      const waiter = Promise.withResolvers<Instance | undefined>();
      if (waiting.size === 0) clock.after(GATHER_MS, () => void leave());
      waiting.set(instanceId, waiter);
      answers.set(instanceId, { at: clock.monotonicMs(), instance: waiter.promise });
      if (waiting.size >= BATCH) void leave();
      return waiter.promise;
    },
  };
}
