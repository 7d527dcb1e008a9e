// The conditions that tell why a namespace is still there. Pure.
import type { Condition } from '../../../../src/kube/types.ts';
import type { Leftovers } from './contents.ts';

export interface NamespaceCondition extends Omit<Condition, 'observedGeneration'> {}

type Verdict = Pick<NamespaceCondition, 'status' | 'reason' | 'message'>;

const inOrder = (map: ReadonlyMap<string, number>): [string, number][] =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1));

/** What each condition says after a pass over everything that is served. */
export function verdicts(leftovers: Leftovers): Readonly<Record<string, Verdict>> {
  const { resources, finalizers, failures } = leftovers;
  return {
    NamespaceDeletionDiscoveryFailure: good('ResourcesDiscovered', 'All resources successfully discovered'),
    NamespaceDeletionGroupVersionParsingFailure: good(
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    NamespaceDeletionContentFailure:
      failures.length === 0
        ? good('ContentDeleted', 'All content successfully deleted, may be waiting on finalization')
        : bad(
            'ContentDeletionFailed',
            `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(', ')}`,
          ),
    NamespaceContentRemaining:
      resources.size === 0
        ? good('ContentRemoved', 'All content successfully removed')
        : bad(
            'SomeResourcesRemain',
            `Some resources are remaining: ${inOrder(resources)
              .map(([name, count]) => `${name} has ${count} resource instances`)
              .join(', ')}`,
          ),
    NamespaceFinalizersRemaining:
      finalizers.size === 0
        ? good('ContentHasNoFinalizers', 'All content-preserving finalizers finished')
        : bad(
            'SomeFinalizersRemain',
            `Some content in the namespace has finalizers remaining: ${inOrder(finalizers)
              .map(([name, count]) => `${name} in ${count} resource instances`)
              .join(', ')}`,
          ),
  };
}

const good = (reason: string, message: string): Verdict => ({ status: 'False', reason, message });
const bad = (reason: string, message: string): Verdict => ({ status: 'True', reason, message });

/** The conditions with the verdicts taken in; `undefined` when they say so already. */
export function withVerdicts(
  before: readonly NamespaceCondition[],
  now: Readonly<Record<string, Verdict>>,
  time: string,
): NamespaceCondition[] | undefined {
  let changed = false;
  const next = Object.entries(now).map(([type, verdict]) => {
    const old = before.find((condition) => condition.type === type);
    if (
      old !== undefined &&
      old.status === verdict.status &&
      old.reason === verdict.reason &&
      old.message === verdict.message
    )
      return old;
    changed = true;
    return { type, lastTransitionTime: time, ...verdict };
  });
  const others = before.filter(({ type }) => now[type] === undefined);
  return changed ? [...others, ...next] : undefined;
}
