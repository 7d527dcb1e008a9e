// The CNI service: each command to its function, and recorded deletions before any ADD.
import { add } from './add.ts';
import { check, collect, del, status } from './commands.ts';
import type { CniHandler } from './server.ts';
import type { ServiceDeps } from './service-deps.ts';
import type { Tombstones } from './tombstones.ts';

export interface CniService {
  readonly handle: CniHandler;
  /** Carries out the deletions that the entry recorded. */
  processTombstones(): Promise<void>;
}

/** Calls for one Pod run one after the other, calls for different Pods side by side. */
export function createCniService(deps: ServiceDeps, tombstones: Tombstones): CniService {
  const processTombstones = (): Promise<void> => tombstones.process((call) => del(deps, call));
  return {
    processTombstones,
    handle: async (call, signal) => {
      switch (call.command) {
        case 'ADD':
          // The entry may have recorded one while the agent was too busy to answer.
          await processTombstones();
          return await add(deps, call, signal);
        case 'DEL':
          await del(deps, call);
          return undefined;
        case 'CHECK':
          await check(deps, call);
          return undefined;
        case 'STATUS':
          status(deps, call);
          return undefined;
        case 'GC':
          await collect(deps, call);
          return undefined;
      }
    },
  };
}
