// What the sync of node security groups is given beyond the common dependencies, and what it remembers of this process.
import type { AssociateSemantics } from '../../../planning/group-sync.ts';
import type { IpamdDeps } from '../../deps.ts';
import type { KnownGroups } from './known-groups.ts';
import type { GroupPermission } from './permission.ts';

/** Lost with the process, which then looks at every managed ENI once. */
export interface GroupMemory {
  /** ENIs (cloud ids) whose groups this process has written a line about (DESIGN section 5). */
  readonly announced: Set<string>;
  /** How Associate was found to work. */
  semantics: AssociateSemantics;
  /** Associate went through at least once, so that what is taken off can be put back. */
  associates: boolean;
  /** By node: how often its annotation was seen to be `yes` since a decision without it was recorded. */
  readonly sawYes: Map<string, number>;
}

export interface GroupSyncDeps extends IpamdDeps {
  readonly groups: KnownGroups;
  readonly groupPermission: GroupPermission;
  readonly groupMemory: GroupMemory;
}

/** Nothing known yet. */
export const createGroupMemory = (): GroupMemory => ({
  announced: new Set(),
  semantics: 'unknown',
  associates: false,
  sawYes: new Map(),
});
