// Deletion: finalizers, preconditions, grace, options, collections, evictions; and Namespaces, which take everything with them.
import type { ParityCase } from '../parity-case.ts';
import { deletionOfNamespacesCases } from './deletion-of-namespaces.ts';
import { deletionOfObjectsCases } from './deletion-of-objects.ts';
import { deletionOfPodsCases } from './deletion-of-pods.ts';

export const deletionCases: readonly ParityCase[] = [
  ...deletionOfObjectsCases,
  ...deletionOfPodsCases,
  ...deletionOfNamespacesCases,
];
