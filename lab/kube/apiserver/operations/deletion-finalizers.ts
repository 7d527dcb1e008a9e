// Which finalizers a deletion leaves on an object for the garbage collector: `orphan`, `foregroundDeletion`, or neither.
import type { ApiObject } from '../json.ts';
import type { Definition } from '../registry/definition.ts';
import type { DeleteOptions } from './delete-options.ts';

/** The dependents are cut loose before the object goes. */
export const ORPHAN = 'orphan';
/** The dependents that block their owner go before the object does. */
export const FOREGROUND = 'foregroundDeletion';

type Wish = 'orphan' | 'foreground' | 'background';

/**
 * The object's finalizers once a deletion with `options` was accepted, in Kubernetes' order of precedence: the options, then
 * finalizers already there, then the default of the kind. Source: deletionFinalizersForGarbageCollection of k8s.io/apiserver.
 */
export function finalizersAfterDelete(
  definition: Pick<Definition, 'group' | 'kind'>,
  object: ApiObject,
  options: Pick<DeleteOptions, 'orphanDependents' | 'propagationPolicy'>,
): readonly string[] {
  const before = object.metadata.finalizers ?? [];
  const others = before.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  switch (wishOf(definition, before, options)) {
    case 'orphan':
      return [...others, ORPHAN];
    case 'foreground':
      return [...others, FOREGROUND];
    case 'background':
      return others;
  }
}

function wishOf(
  definition: Pick<Definition, 'group' | 'kind'>,
  finalizers: readonly string[],
  { orphanDependents, propagationPolicy }: Pick<DeleteOptions, 'orphanDependents' | 'propagationPolicy'>,
): Wish {
  // Events own nothing: the collector does not look at them, so nothing may wait for it.
  if (definition.kind === 'Event') return 'background';
  if (orphanDependents !== undefined) return orphanDependents ? 'orphan' : 'background';
  if (propagationPolicy === 'Orphan') return 'orphan';
  if (propagationPolicy === 'Foreground') return 'foreground';
  if (propagationPolicy === 'Background') return 'background';
  const standing = finalizers.find((finalizer) => finalizer === ORPHAN || finalizer === FOREGROUND);
  if (standing !== undefined) return standing === ORPHAN ? 'orphan' : 'foreground';
  return orphansByDefault(definition) ? 'orphan' : 'background';
}

/** Jobs keep their Pods unless told otherwise: the one kind of today's versions whose old default still holds. */
export const orphansByDefault = ({ group, kind }: Pick<Definition, 'group' | 'kind'>): boolean =>
  group === 'batch' && kind === 'Job';
