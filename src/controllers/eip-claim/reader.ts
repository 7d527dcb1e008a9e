// EIPs by id with few reads: those asked for while a describe is under way, or just was, go in one.
import type { Clock } from '../../base/clock.ts';
import type { Eip, EipCloud } from '../../cloud/eip-calls.ts';

export interface EipReader {
  /** As the cloud shows it from the moment of the call on; undefined: it shows none. Throws CloudError. */
  read(eipId: string): Promise<Eip | undefined>;
}

/** Describes are at least this far apart, so that they keep to the limit of 10 per second however many Pods wait. */
const SPACING_MS = 120;

export function createEipReader(cloud: Pick<EipCloud, 'describeEips'>, clock: Clock): EipReader {
  let waiting = new Map<string, PromiseWithResolvers<Eip | undefined>>();
  let lastAt = Number.NEGATIVE_INFINITY;
  let isUnderWay = false;

  const describe = async (): Promise<void> => {
    const pauseMs = lastAt + SPACING_MS - clock.monotonicMs();
    if (pauseMs > 0) await clock.sleep(pauseMs);
    lastAt = clock.monotonicMs();
    const batch = waiting;
    waiting = new Map();
    try {
      const found = await cloud.describeEips({ eipIds: [...batch.keys()] });
      const byId = new Map(found.map((eip) => [eip.eipId, eip]));
      for (const [eipId, waiter] of batch) waiter.resolve(byId.get(eipId));
    } catch (error) {
      for (const waiter of batch.values()) waiter.reject(error);
    }
  };
  const flush = async (): Promise<void> => {
    isUnderWay = true;
    // What is asked in this turn goes together.
    await Promise.resolve();
    while (waiting.size > 0) await describe();
    isUnderWay = false;
  };
  return {
    read: (eipId) => {
      const waiter = waiting.get(eipId) ?? Promise.withResolvers<Eip | undefined>();
      waiting.set(eipId, waiter);
      if (!isUnderWay) void flush();
      return waiter.promise;
    },
  };
}
