// Policies that passed admission and whose watch event is still to come: until it is there, Pods of the namespace are decided by what the API has.
import type { Clock } from '../base/clock.ts';
import type { PolicyView } from '../planning/policy-view.ts';

/** A policy as it is about to be stored. */
export interface PolicyChange {
  readonly namespace: string;
  readonly name: string;
  /** Empty when the API server has not made it yet. */
  readonly uid: string;
  readonly generation: number;
}

export interface ExpectedPolicies {
  expect(change: PolicyChange): void;
  /** Whether `watched` may lack what was expected; it is asked for only then. */
  mayLag(namespace: string, watched: () => readonly PolicyView[]): boolean;
  /** The API was read at `startedMs` of the monotonic clock and had `live` while the watch had `watched`: an expectation that was refused after all ends. */
  compare(namespace: string, startedMs: number, live: readonly PolicyView[], watched: readonly PolicyView[]): void;
}

/** No request of the API server is older than this when it writes (its --request-timeout, 60 s by default). */
const LONGEST_REQUEST_MS = 60_000;

/** However late a watch is: an expectation ends when the watch meets it, or when the API, asked after it can no longer come, has nothing newer than the watch. */
export function createExpectedPolicies(clock: Clock): ExpectedPolicies {
  const expected = new Map<string, { sinceMs: number; readonly changes: Map<string, PolicyChange> }>();
  return {
    expect: (change) => {
      const entry = expected.get(change.namespace) ?? { sinceMs: 0, changes: new Map<string, PolicyChange>() };
      entry.sinceMs = clock.monotonicMs();
      const before = entry.changes.get(change.name);
      // The latest of one object; a new object of the name is the latest whatever its generation.
      if (before === undefined || before.uid !== change.uid || before.generation < change.generation)
        entry.changes.set(change.name, change);
      expected.set(change.namespace, entry);
    },
    mayLag: (namespace, watched) => {
      const entry = expected.get(namespace);
      if (entry === undefined) return false;
      const policies = watched();
      for (const [name, change] of entry.changes)
        if (policies.some((policy) => meets(policy, change))) entry.changes.delete(name);
      if (entry.changes.size === 0) expected.delete(namespace);
      return entry.changes.size > 0;
    },
    compare: (namespace, startedMs, live, watched) => {
      const entry = expected.get(namespace);
      if (entry === undefined || startedMs - entry.sinceMs < LONGEST_REQUEST_MS) return;
      if (sameVersions(live, watched)) expected.delete(namespace);
    },
  };
}

function meets({ metadata }: PolicyView, { name, uid, generation }: PolicyChange): boolean {
  if (metadata.name !== name || (metadata.generation ?? 0) < generation) return false;
  return uid !== '' && metadata.uid === uid;
}

function sameVersions(live: readonly PolicyView[], watched: readonly PolicyView[]): boolean {
  const versions = (policies: readonly PolicyView[]): string =>
    policies
      .map(({ metadata }) => `${metadata.uid ?? ''}/${metadata.generation ?? 0}`)
      .sort()
      .join(',');
  return versions(live) === versions(watched);
}
