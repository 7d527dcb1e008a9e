// Garbage collection: what goes with its owner, what waits for it, what is cut loose, and what was never owned.
import type { ParityCase } from '../parity-case.ts';
import { collectedDependentsCases } from './collected-dependents.ts';
import { collectedOwnersCases } from './collected-owners.ts';

export const garbageCollectionCases: readonly ParityCase[] = [...collectedDependentsCases, ...collectedOwnersCases];
